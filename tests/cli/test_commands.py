"""The command line: what it does, and one clear line when it cannot."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from helpdesk import create_app
from helpdesk.cli import doctor
from helpdesk.config import Settings
from tests.cli.conftest import Call
from tests.live import HELPDESK, LiveServer, clean_environment

WITHOUT_PLUGINS = {"HELPDESK_PLUGINS": ""}


@pytest.fixture
def server(live_server: Any) -> LiveServer:
    made: LiveServer = live_server(environment=WITHOUT_PLUGINS)
    return made


def test_gevent_patches_before_anything_else_is_imported() -> None:
    script = (
        "import sys; sys.argv = ['helpdesk', 'worker', '--help']\n"
        "from helpdesk.cli import main\n"
        "assert not any(n.startswith(('flask', 'sqlalchemy', 'psycopg', 'helpdesk.core')) for n in sys.modules)\n"
        "try: main()\nexcept SystemExit: pass\n"
        "from gevent import monkey; assert monkey.is_module_patched('socket')\n"
        "from psycopg import waiting; assert getattr(waiting.wait, '__name__', '') != 'wait_c'\n"
    )
    done = subprocess.run([sys.executable, "-c", script], env=clean_environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.database("sqlite")
@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"HELPDESK_PORT": "many"}, "HELPDESK_PORT"),
        ({"HELPDESK_NONSENSE": "1"}, "HELPDESK_NONSENSE: no such setting"),
        ({"HELPDESK_PLUGINS": "plugins.nowhere"}, "plugins.nowhere"),
        ({"HELPDESK_ENV": "production"}, "HELPDESK_PUBLIC_URL must start with https://"),
    ],
)
def test_bad_settings_are_one_clear_message(
    server: LiveServer, call: Call, environment: dict[str, str], words: str
) -> None:
    done = call(server.environment | environment, "migrate")
    assert (done.exit_code, words in done.stderr) == (1, True), done.stderr


@pytest.mark.database("sqlite")
def test_a_process_with_bad_settings_ends_with_that_message(server: LiveServer) -> None:
    server.environment["HELPDESK_PORT"] = "many"
    done = server.run("migrate")
    assert (done.returncode, "HELPDESK_PORT" in done.stderr, "Traceback" in done.stderr) == (1, True, False)


def test_people_tokens_and_audit(server: LiveServer, call: Call) -> None:
    made = server.run("user", "first-admin", "adam@helpdesk.example", "--name", "Adam")
    assert made.returncode == 0, made.stderr
    assert f"{server.url}/" in made.stdout
    ana = ("user", "create", "ana@helpdesk.example", "--name", "Ana")
    assert call(server.environment, *ana).exit_code == 0
    again = call(server.environment, *ana)
    assert (again.exit_code, "email: " in again.stderr) == (1, True)
    token = call(server.environment, "token", "create", "ana@helpdesk.example", "--scope", "me")
    assert token.stdout.startswith("hd_")
    assert call(server.environment, "user", "disable", "nobody@helpdesk.example").exit_code == 1
    checked = call(server.environment, "audit", "verify")
    assert (checked.exit_code, "The log is whole." in checked.stdout) == (0, True)


@pytest.mark.database("sqlite")
def test_serve_refuses_an_old_schema(server: LiveServer, tmp_path: Path) -> None:
    server.environment["HELPDESK_DATABASE_URL"] = f"sqlite:///{tmp_path}/empty.sqlite3"
    done = server.run("serve")
    assert (done.returncode, "helpdesk migrate" in done.stderr) == (1, True)


@pytest.mark.parametrize("mode", ["gevent", "threading"])
def test_serve_answers_does_its_work_and_stops_in_time(server: LiveServer, call: Call, mode: str) -> None:
    server.environment["HELPDESK_ASYNC"] = mode
    server.start()
    assert f"Help desk at {server.url}" in server.log
    server.wait_for("/readyz")
    busy = server.run("serve")
    assert (busy.returncode, "cannot listen" in busy.stderr) == (1, True)
    assert "ok  ticker" in call(server.environment, "doctor").stdout
    assert server.stop(timeout=20) == 0, server.log
    assert "Traceback" not in server.log
    after = call(server.environment, "doctor")
    assert (after.exit_code, "no worker has given a sign of life" in after.stderr) == (1, True)


def test_the_doctor_says_what_to_do_and_goes_on(
    app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also after what nobody foresaw, and without making what is not there."""
    monkeypatch.setattr("helpdesk.mail.handlers.probe", lambda: "é".encode("ascii"))
    monkeypatch.setattr("helpdesk.cli.doctor.os.access", lambda *_arguments: False)
    app.extensions["helpdesk"].settings = settings.model_copy(update={"smtp_url": "smtp://mail.example"})
    with app.app_context():
        found = {name: said for name, is_good, said in doctor.examine(app) if not is_good}
    assert found["mail"].startswith("could not be checked (UnicodeEncodeError: ")
    assert "cannot be written by this account: /" in found["disk"]
    missing = settings.instance_dir / "mistyped.sqlite3"
    absent = create_app(settings.model_copy(update={"database_url": f"sqlite:///{missing}", "plugins": ""}))
    with absent.app_context():
        found = {name: said for name, is_good, said in doctor.examine(absent) if not is_good}
    assert "`helpdesk migrate`" in found["database"]
    assert str(missing) in found["database"]
    assert not missing.exists()


@pytest.mark.database("sqlite")
def test_demo_is_refused_in_production(server: LiveServer, call: Call) -> None:
    server.environment |= {"HELPDESK_ENV": "production", "HELPDESK_PUBLIC_URL": "https://help.example"}
    del server.environment["HELPDESK_CLOCK_FILE"]
    done = call(server.environment, "demo")
    assert (done.exit_code, "refused in production" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    "words", [("serve",), ("worker",), ("migrate",), ("demo",), ("doctor",), ("user", "create"), ("audit", "verify")]
)
def test_every_command_has_help(call: Call, words: tuple[str, ...]) -> None:
    done = call(WITHOUT_PLUGINS | {"HELPDESK_INSTANCE_DIR": os.devnull}, *words, "--help")
    assert (done.exit_code, f"Usage: helpdesk {' '.join(words)}" in done.stdout) == (0, True)


def test_the_program_has_help() -> None:
    environment = clean_environment() | WITHOUT_PLUGINS | {"HELPDESK_INSTANCE_DIR": os.devnull}
    done = subprocess.run([str(HELPDESK), "serve", "--help"], env=environment, capture_output=True, text=True)
    assert (done.returncode, "Usage: helpdesk serve" in done.stdout) == (0, True), done.stderr
