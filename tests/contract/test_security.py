"""Short checks of the security checklist that belong to no single room; docs/security.md lists them all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from helpdesk.config import Settings
from tests.contract.matrix import SAFE, TABLE, Matrix

ROOT = Path(__file__).resolve().parents[2]
GOOD = {"env": "production", "secret_key": "k" * 40, "public_url": "https://help.example.org"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"secret_key": ""}, "HELPDESK_SECRET_KEY"),
        ({"secret_key": "short"}, "HELPDESK_SECRET_KEY"),
        ({"public_url": "http://help.example.org"}, "HELPDESK_PUBLIC_URL"),
        ({"public_url": ""}, "HELPDESK_PUBLIC_URL"),
        ({"clock_file": Path("clock")}, "HELPDESK_CLOCK_FILE"),
    ],
)
def test_p1_production_refuses_what_is_weak(change: dict[str, object], words: str) -> None:
    Settings(**GOOD)
    with pytest.raises(ValidationError, match=words):
        Settings(**(GOOD | change))


def test_p1_production_refuses_debugging(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    with pytest.raises(ValidationError, match="FLASK_DEBUG"):
        Settings(**GOOD)


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
