"""P5: least versions, the bill of materials, and what the audit of known faults says when it cannot ask."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from helpdesk.cli import doctor

ROOT = Path(__file__).resolve().parents[2]
LEAST = {
    "python-socketio": (5, 16, 2),  # attachments kept in memory
    "apscheduler": (3, 11, 2),
    "werkzeug": (3, 1, 6),  # device names, parts of forms
    "jinja2": (3, 1, 6),  # the sandbox
    "flask": (3, 1, 3),
    "h11": (0, 16, 0),
}


def load_supply() -> ModuleType:
    spec = importlib.util.spec_from_file_location("supply", ROOT / ".ci" / "supply.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["supply"] = module  # where its dataclasses look for their names
    spec.loader.exec_module(module)
    return module


supply = load_supply()


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:3])


@pytest.mark.parametrize("lock", ["run.txt", "dev.txt"])
def test_what_is_pinned_has_the_fixes_that_we_need(lock: str) -> None:
    pinned = {pin.name: pin.version for pin in supply.read_pins(ROOT / "requirements" / lock)}
    old = {name: pinned[name] for name, least in LEAST.items() if numbers(pinned[name]) < least}
    assert old == {}


def test_the_bill_names_every_pin_and_every_vendored_file() -> None:
    bill = supply.make_bill()
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.6", 1)
    components = {component["bom-ref"]: component for component in bill["components"]}
    assert len(components) == len(bill["components"]), "each has one reference"
    pins = supply.read_pins(ROOT / "requirements" / "run.txt")
    assert len(pins) > 50
    for pin in pins:
        assert {h["content"] for h in components[pin.purl]["hashes"]} == set(pin.hashes) != set()
    assert components["pkg:npm/bootstrap@5.3.9"]["licenses"] == [{"license": {"id": "MIT"}}]
    vendored = [ref for ref in components if ref.startswith("pkg:npm/")]
    assert len(vendored) >= 3
    known = set(components) | {bill["metadata"]["component"]["bom-ref"]}
    for edge in bill["dependencies"]:
        assert {edge["ref"], *edge["dependsOn"]} <= known
    flask = next(ref for ref in components if ref.startswith("pkg:pypi/flask@"))
    needs = {edge["ref"]: edge["dependsOn"] for edge in bill["dependencies"]}
    assert any(ref.startswith("pkg:pypi/werkzeug@") for ref in needs[flask])
    unlicensed = [c["name"] for c in bill["components"] if "licenses" not in c]
    assert set(unlicensed) <= {"async-timeout", "deprecated"}, "installed elsewhere only"


def test_the_same_files_give_the_same_bill(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        assert supply.main(["sbom", str(tmp_path / name)]) == 0
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert str(ROOT) not in (tmp_path / "a.json").read_text()


def test_a_line_that_is_no_pin_is_an_error(tmp_path: Path) -> None:
    lock = tmp_path / "run.txt"
    lock.write_text("flask>=3\n")
    with pytest.raises(ValueError, match="no pin"):
        supply.read_pins(lock)


# --- the audit ---------------------------------------------------------------------------------------------------

LOCK = "flask==3.1.3 \\\n    --hash=sha256:" + "a" * 64 + "\nold==1.0 \\\n    --hash=sha256:" + "b" * 64 + "\n"
GOOD = [{"name": "flask", "version": "3.1.3", "vulns": []}, {"name": "old", "version": "1.0", "vulns": []}]
FAULT = {"name": "old", "version": "1.0", "vulns": [{"id": "CVE-1", "fix_versions": ["1.1"]}]}
SKIPPED = {"name": "old", "skip_reason": "not found"}


def auditor(folder: Path, answers: dict[str, Any], code: int = 0) -> list[str]:
    """A command that answers like pip-audit, for each database with its rows; None: it fails without a report."""
    script = folder / "auditor.py"
    script.write_text(
        "import json, sys\n"
        f"rows = json.loads({json.dumps(answers)!r})[sys.argv[sys.argv.index('-s') + 1]]\n"
        "if rows is None: sys.exit('ConnectionError: no such host')\n"
        "open(sys.argv[sys.argv.index('-o') + 1], 'w').write(json.dumps({'dependencies': rows, 'fixes': []}))\n"
        f"sys.exit({code})\n"
    )
    return [sys.executable, str(script)]


@pytest.mark.parametrize(
    ("answers", "code", "words"),
    [
        ({"pypi": GOOD, "osv": None}, 0, "2 of 2 packages checked"),
        ({"pypi": [GOOD[0], FAULT], "osv": None}, 1, "FAULT run.txt: old 1.0: CVE-1, fixed in 1.1"),
        ({"pypi": [GOOD[0], SKIPPED], "osv": GOOD}, 0, "2 of 2 packages checked"),
        ({"pypi": [GOOD[0], SKIPPED], "osv": None}, 3, "NOT CHECKED run.txt: old"),
        ({"pypi": None, "osv": None}, 3, "NOT CHECKED run.txt: flask, old"),
        ({"pypi": [FAULT], "osv": None}, 1, "NOT CHECKED run.txt: flask"),
    ],
)
def test_an_audit_says_what_it_could_not_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], answers: dict[str, Any], code: int, words: str
) -> None:
    lock = tmp_path / "run.txt"
    lock.write_text(LOCK)
    assert supply.audit(auditor(tmp_path, answers), (lock,)) == code
    said = capsys.readouterr().out
    assert words in said
    assert ("no such host" in said) == (code == 3 or "NOT CHECKED" in said)


def test_a_tool_that_is_not_there_checks_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = tmp_path / "run.txt"
    lock.write_text(LOCK)
    assert supply.audit([str(tmp_path / "missing")], (lock,)) == supply.NOT_CHECKED
    assert "FileNotFoundError" in capsys.readouterr().out


# --- this Python -------------------------------------------------------------------------------------------------


def test_the_doctor_names_a_python_that_lets_line_breaks_into_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(doctor.is_header_injection_fixed(), bool)
    for fixed in (True, False):
        monkeypatch.setattr(doctor, "is_header_injection_fixed", lambda fixed=fixed: fixed)
        said = doctor.check_python(None)  # type: ignore[arg-type]
        assert ("CVE-2026-1299" in said) is not fixed
