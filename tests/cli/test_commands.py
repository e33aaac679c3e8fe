"""The command line: what it does, and one clear line when it cannot."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

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


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"HELPDESK_PORT": "many"}, "HELPDESK_PORT"),
        ({"HELPDESK_NONSENSE": "1"}, "HELPDESK_NONSENSE: no such setting"),
        ({"HELPDESK_PLUGINS": "plugins.nowhere"}, "plugins.nowhere"),
        ({"HELPDESK_ENV": "production"}, "HELPDESK_PUBLIC_URL must start with https://"),
    ],
)
def test_bad_settings_are_one_clear_message(server: LiveServer, environment: dict[str, str], words: str) -> None:
    server.environment |= environment
    done = server.run("migrate")
    assert done.returncode != 0
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_people_tokens_and_audit(server: LiveServer) -> None:
    made = server.run("user", "first-admin", "adam@helpdesk.example", "--name", "Adam")
    assert made.returncode == 0, made.stderr
    assert f"{server.url}/" in made.stdout
    assert server.run("user", "create", "ana@helpdesk.example", "--name", "Ana").returncode == 0
    again = server.run("user", "create", "ana@helpdesk.example", "--name", "Ana")
    assert (again.returncode, "email: " in again.stderr, "Traceback" in again.stderr) == (1, True, False)
    token = server.run("token", "create", "ana@helpdesk.example", "--scope", "me")
    assert token.stdout.startswith("hd_")
    assert server.run("user", "disable", "nobody@helpdesk.example").returncode == 1
    checked = server.run("audit", "verify")
    assert (checked.returncode, "The log is whole." in checked.stdout) == (0, True)


def test_serve_refuses_an_old_schema_and_a_busy_port(server: LiveServer, tmp_path: Path) -> None:
    server.environment["HELPDESK_DATABASE_URL"] = f"sqlite:///{tmp_path}/empty.sqlite3"
    done = server.run("serve")
    assert (done.returncode, "helpdesk migrate" in done.stderr) == (1, True)


@pytest.mark.parametrize("mode", ["gevent", "threading"])
def test_serve_answers_does_its_work_and_stops_in_time(server: LiveServer, mode: str) -> None:
    server.environment["HELPDESK_ASYNC"] = mode
    server.start()
    assert f"Help desk at {server.url}" in server.log
    server.wait_for("/readyz")
    busy = server.run("serve")
    assert (busy.returncode, "cannot listen" in busy.stderr) == (1, True)
    assert "ok  ticker" in server.run("doctor").stdout
    assert server.stop(timeout=20) == 0, server.log
    assert "Traceback" not in server.log
    after = server.run("doctor")
    assert (after.returncode, "no worker has given a sign of life" in after.stderr) == (1, True)


def test_demo_is_refused_in_production(server: LiveServer) -> None:
    server.environment |= {"HELPDESK_ENV": "production", "HELPDESK_PUBLIC_URL": "https://help.example"}
    del server.environment["HELPDESK_CLOCK_FILE"]
    done = server.run("demo")
    assert (done.returncode, "refused in production" in done.stderr) == (1, True)


def test_every_command_has_help() -> None:
    environment = clean_environment() | WITHOUT_PLUGINS | {"HELPDESK_INSTANCE_DIR": os.devnull}
    for words in (["serve"], ["worker"], ["migrate"], ["demo"], ["doctor"], ["user", "create"], ["audit", "verify"]):
        done = subprocess.run([str(HELPDESK), *words, "--help"], env=environment, capture_output=True, text=True)
        assert (done.returncode, "Usage: helpdesk" in done.stdout) == (0, True), words
    assert importlib.util.find_spec("helpdesk.cli.commands") is not None
