"""Short checks of the security checklist that belong to no single room; docs/security.md lists them all."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from pydantic import ValidationError

from helpdesk import create_app
from helpdesk.config import BadSettings, Settings, load_settings
from helpdesk.realtime.rules import origin_of
from tests.contract.matrix import SAFE, TABLE, Matrix

ROOT = Path(__file__).resolve().parents[2]
GOOD = {"env": "production", "secret_key": "f3a9c1d07be2458690" * 2, "public_url": "https://help.example.org"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"secret_key": ""}, "HELPDESK_SECRET_KEY"),
        ({"secret_key": "short"}, "HELPDESK_SECRET_KEY"),
        ({"secret_key": "a" * 43}, "HELPDESK_SECRET_KEY"),
        ({"secret_key": "please-change-this-before-going-live"}, "HELPDESK_SECRET_KEY"),
        ({"public_url": "http://help.example.org"}, "HELPDESK_PUBLIC_URL"),
        ({"public_url": ""}, "HELPDESK_PUBLIC_URL"),
        ({"clock_file": Path("clock")}, "HELPDESK_CLOCK_FILE"),
    ],
)
def test_p1_production_refuses_what_is_weak(change: dict[str, object], words: str) -> None:
    Settings(**GOOD)
    with pytest.raises(ValidationError, match=words):
        Settings(**(GOOD | change))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HELPDESK_LOCALE", "xx"),
        ("HELPDESK_LOCALE", "!"),
        ("HELPDESK_PUBLIC_URL", "http://help.example:99999"),
        ("HELPDESK_PUBLIC_URL", "https://help.example?a=1"),
        ("HELPDESK_PUBLIC_URL", "https://ana:secret@help.example"),
        ("HELPDESK_PUBLIC_URL", "https://straße.example"),
        ("HELPDESK_SMTP_URL", "smtp://mail.example:abc"),
        ("HELPDESK_REDIS_URL", "redis://cache.example:-1"),
        ("HELPDESK_REDIS_URL", "unix://"),
        ("HELPDESK_INSTANCE_DIR", "/dev/null"),
        ("HELPDESK_DATABASE_URL", "postgresql://data.example:port/desk"),
    ],
)
def test_a_setting_that_names_no_place_or_language_is_refused_at_start(name: str, value: str) -> None:
    with pytest.raises(BadSettings, match=name):
        load_settings({name: value} | ({} if "DIR" in name else {"HELPDESK_SECRET_KEY": str(GOOD["secret_key"])}))


def test_redis_may_be_a_socket_of_this_machine(tmp_path: Path) -> None:
    settings = load_settings(environment(tmp_path, HELPDESK_REDIS_URL="unix:///run/redis.sock?db=1"))
    assert create_app(settings).config["RATELIMIT_STORAGE_URI"] == "redis+unix:///run/redis.sock?db=1"


def environment(folder: Path, **more: str) -> dict[str, str]:
    """The variables of a good production installation in this folder."""
    good = {f"HELPDESK_{name.upper()}": value for name, value in GOOD.items()}
    return good | {"HELPDESK_DATABASE_URL": f"sqlite:///{folder}/desk.db", "HELPDESK_INSTANCE_DIR": str(folder)} | more


def test_p1_production_refuses_debugging(tmp_path: Path) -> None:
    assert load_settings(environment(tmp_path)).is_production
    with pytest.raises(BadSettings, match="FLASK_DEBUG"):
        load_settings(environment(tmp_path, FLASK_DEBUG="1"))


@pytest.mark.skipif(os.name == "nt", reason="files have no such modes there")
@pytest.mark.parametrize("name", ["desk.db", "desk.db-wal", "secret_key", "attachments"])
def test_p1_production_refuses_files_that_everybody_can_read(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:  # whose parents everybody may pass, unlike those of pytest
        home, path = Path(folder), Path(folder, name)
        home.chmod(0o755)
        path.mkdir() if name == "attachments" else path.touch()
        path.chmod(0o755)
        assert load_settings(environment(home, HELPDESK_ENV="development"))
        with pytest.raises(BadSettings, match=rf"{name}: .*chmod o-rwx"):
            load_settings(environment(home))
        home.chmod(0o750)  # nobody else gets as far as the file
        assert load_settings(environment(home))
        home.chmod(0o755)
        path.chmod(0o750)
        assert load_settings(environment(home))


@pytest.mark.parametrize("proxy", ["nginx", "haproxy"])
def test_t3_the_logs_of_the_proxies_leave_the_tokens_of_links_out(proxy: str) -> None:
    files = [path for path in (ROOT / "deploy" / proxy).iterdir() if path.is_file()]
    lines = [
        line for path in files for line in path.read_text().splitlines() if "log_format" in line or "log-format" in line
    ]
    assert lines
    for line in lines:
        assert "$logged_uri" in line or "var(txn.logged_path)" in line
        assert not re.search(r"\$uri|\$request\b|\$request_uri|%HP|%HU|%r\b|\$http_referer", line)
    assert any(re.search(r"\^/reset/\S*[ ,]+/reset/hidden", path.read_text()) for path in files)


def test_what_the_command_writes_is_not_for_everybody(tmp_path: Path) -> None:
    program = "import sys; sys.argv = ['helpdesk', '--version']; from helpdesk.cli import main; import os\n"
    program += "try: main()\nexcept SystemExit: print(oct(os.umask(0)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines()[-1] == "0o27"


def test_settings_come_from_the_given_variables_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HELPDESK_PORT", "9999")
    monkeypatch.setenv("HELPDESK_NONSENSE", "1")
    given = {"HELPDESK_PORT": "8123", "HELPDESK_ASYNC": "threading", "HELPDESK_INSTANCE_DIR": str(tmp_path)}
    settings = load_settings(given)
    assert (settings.port, settings.async_mode, settings.public_url) == (8123, "threading", "http://127.0.0.1:8123")
    assert load_settings({"HELPDESK_INSTANCE_DIR": str(tmp_path)}).port == 8000
    assert Settings(secret_key="x").port == 8000
    with pytest.raises(BadSettings, match=r"HELPDESK_ASYNC: .*gevent"):
        load_settings(given | {"HELPDESK_ASYNC": "both"})
    with pytest.raises(BadSettings, match="HELPDESK_NONSENSE: no such setting"):
        load_settings()


def test_an_address_that_is_not_given_is_the_one_of_the_process(tmp_path: Path) -> None:
    def load(**given: str) -> Settings:
        more = {f"HELPDESK_{name.upper()}": value for name, value in given.items()}
        return load_settings({"HELPDESK_INSTANCE_DIR": str(tmp_path)} | more)

    assert load(host="::1").public_url == "http://[::1]:8000"
    assert load(host="0.0.0.0", public_url="").public_url == "http://127.0.0.1:8000"
    free = load(port="0")
    assert (free.port > 0, free.public_url) == (True, f"http://127.0.0.1:{free.port}")
    assert load(port="0", public_url="https://help.example").port == 0
    with pytest.raises(BadSettings) as error:
        load(port="99999")
    assert str(error.value).startswith("HELPDESK_PORT: ")
    assert "\n" not in str(error.value)
    public = load(public_url="https://Bücher.Example:443/").public_url
    assert (public, origin_of(public)) == ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example")


def test_o2_o4_reading_changes_nothing_and_is_for_our_pages_alone(matrix: Matrix) -> None:
    """GET and HEAD of every route that needs no object, as an administrator."""
    before = matrix.traces()
    for key, (route, *_more) in TABLE.items():
        if key.split(" ")[0] not in SAFE or route.object or route.arguments:
            continue
        for method in ("GET", "HEAD"):
            token = {"Authorization": f"Bearer {matrix.tokens['adam']}"} if route.scope else {}
            headers = {"Origin": "https://evil.example", **token}
            answer = matrix.browsers["adam"].open(key.split(" ")[1], method=method, headers=headers)
            assert answer.status_code < 500, key
            assert not [name for name, _value in answer.headers if name.lower().startswith("access-control-")], key
    assert matrix.traces() == before


def test_h4_p8_nothing_is_run_that_was_data() -> None:
    forbidden = re.compile(
        r"\bimport (pickle|marshal|shelve|yaml)\b|\bfrom (pickle|marshal|shelve|yaml)\b"
        r"|render_template_string|\bfrom_string\(|(?<![\w.])(eval|exec)\("
    )
    files = [p for room in ("helpdesk", "plugins") for p in (ROOT / room).rglob("*.py") if "tests" not in p.parts]
    assert len(files) > 100
    assert [str(p) for p in files if forbidden.search(p.read_text())] == []


def test_the_list_names_files_that_are_there() -> None:
    text = (ROOT / "docs" / "security.md").read_text()
    named = re.findall(r"`((?:tests|plugins)/[\w/.]+)`", text)
    assert len(named) > 30
    assert [name for name in named if not (ROOT / name).exists()] == []
