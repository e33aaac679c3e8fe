# ruff: noqa: T201 - a program of its own
"""What the program is made of, and whether a fault of it is known: called by `dev.py sbom` and `dev.py audit`.

`python .ci/supply.py sbom FILE` writes a CycloneDX bill of materials of requirements/run.txt and static/vendor.
`python .ci/supply.py audit COMMAND…` runs pip-audit by that command over both requirements files.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import tomllib
import uuid
from dataclasses import dataclass
from importlib.metadata import PackageMetadata, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCKS = (ROOT / "requirements" / "run.txt", ROOT / "requirements" / "dev.txt")
VENDOR = ROOT / "static" / "vendor" / "README.md"
CLEAN, FOUND, NOT_CHECKED = 0, 1, 3  # exit codes of an audit; 2 is left to wrong usage
SERVICES = ("pypi", "osv")  # the advisory databases that pip-audit knows
SECONDS = 300
_PIN = re.compile(r"([A-Za-z0-9._-]+)==([^\s;]+)(?: ; (.*?))?(?= --hash|$)")
_VENDORED = re.compile(r"^\| `([^`]+)` \| (\S+) (\S+) \| (\S+) \| `([0-9a-f]{64})` \|$", re.MULTILINE)


@dataclass(frozen=True)
class Pin:
    """One line of a requirements file. `marker` says where it is installed, "" everywhere."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]

    @property
    def purl(self) -> str:
        return f"pkg:pypi/{self.name}@{self.version}"


def read_pins(path: Path) -> list[Pin]:
    """The pins of a requirements file in its order. Raises ValueError for a line that is none."""
    found = []
    for line in path.read_text().replace("\\\n", " ").splitlines():
        text = " ".join(line.split())
        if not text or text.startswith("#"):
            continue
        pin = _PIN.match(text)
        if pin is None:
            raise ValueError(f"{path.name}: {text[:60]} is no pin")
        hashes = tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})", text))
        found.append(Pin(pin[1].lower(), pin[2], pin[3] or "", hashes))
    return found


# --- the bill of materials ---------------------------------------------------------------------------------------


def make_bill(lock: Path = LOCKS[0], vendor: Path = VENDOR) -> dict[str, Any]:
    """The bill as CycloneDX 1.6 JSON has it. The same files give the same bill, to the letter."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pins = read_pins(lock)
    components = [_component(pin) for pin in pins] + _vendored(vendor)
    root = f"pkg:pypi/{project['name']}@{project['version']}"
    direct = {_name_of(text) for text in project["dependencies"]}
    edges = [{"ref": root, "dependsOn": sorted(pin.purl for pin in pins if pin.name in direct)}]
    edges += [{"ref": pin.purl, "dependsOn": _needs(pin, pins)} for pin in pins]
    seed = json.dumps(components, sort_keys=True)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, root + seed)}",
        "version": 1,
        "metadata": {
            "lifecycles": [{"phase": "pre-build"}],
            "component": {
                "type": "application",
                "bom-ref": root,
                "name": project["name"],
                "version": project["version"],
                "licenses": [{"license": {"id": project["license"]}}],
            },
        },
        "components": components,
        "dependencies": edges,
    }


def _component(pin: Pin) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": pin.purl,
        "name": pin.name,
        "version": pin.version,
        "purl": pin.purl,
        "hashes": [{"alg": "SHA-256", "content": value} for value in pin.hashes],  # of each published file
    }
    if pin.marker:
        component["properties"] = [{"name": "helpdesk:installed-where", "value": pin.marker}]
    if licence := _licence(pin):
        component["licenses"] = [licence]
    return component


def _metadata(pin: Pin) -> PackageMetadata | None:
    try:
        found = distribution(pin.name)
    except PackageNotFoundError:  # for another platform
        return None
    return found.metadata if found.version == pin.version else None


def _licence(pin: Pin) -> dict[str, Any] | None:
    metadata = _metadata(pin)
    if metadata is None:
        return None
    if expression := metadata.get("License-Expression"):
        return {"expression": expression}
    named = [c.rpartition(" :: ")[2] for c in metadata.get_all("Classifier") or () if c.startswith("License ::")]
    text = metadata.get("License") or ""
    name = named[0] if named else text.strip().partition("\n")[0][:80]
    return {"license": {"name": name}} if name else None


def _name_of(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    return re.sub(r"[-_.]+", "-", found[0].lower()) if found else ""


def _needs(pin: Pin, pins: list[Pin]) -> list[str]:
    metadata = _metadata(pin)
    wanted = (metadata.get_all("Requires-Dist") if metadata else None) or ()
    names = {_name_of(text) for text in wanted if "extra ==" not in text}
    return sorted(other.purl for other in pins if re.sub(r"[-_.]+", "-", other.name) in names)


def _vendored(readme: Path) -> list[dict[str, Any]]:
    """The front-end packages that lie in the tree: one component each, with the sums of its files."""
    found: dict[str, dict[str, Any]] = {}
    for _file, name, version, licence, digest in _VENDORED.findall(readme.read_text()):
        purl = f"pkg:npm/{name.replace('@', '%40')}@{version}"
        start = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl, "hashes": []}
        component = found.setdefault(purl, start | {"licenses": [{"license": {"id": licence}}]})
        component["hashes"].append({"alg": "SHA-256", "content": digest})
    return list(found.values())


# --- known faults ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Findings:
    """What one run of pip-audit said: faults as lines, and the packages of which it knows nothing."""

    checked: frozenset[str]
    faults: tuple[str, ...]
    unknown: frozenset[str]


def read_report(text: str) -> Findings | None:
    """The findings in pip-audit's JSON; None when it is none. What it skipped, it did not check, whatever its code."""
    try:
        rows = json.loads(text)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return None
    faults = [
        f"{row['name']} {row['version']}: {fault['id']}"
        + (
            f", fixed in {', '.join(fault['fix_versions'])}"
            if fault.get("fix_versions")
            else ", no version has the fix"
        )
        for row in rows
        for fault in row.get("vulns") or ()
    ]
    unknown = frozenset(row["name"] for row in rows if "skip_reason" in row)
    return Findings(frozenset(row["name"] for row in rows) - unknown, tuple(faults), unknown)


def ask(command: list[str], lock: Path, service: str) -> tuple[Findings | None, str]:
    """(findings, "") of one database about one requirements file, or (None, why there are none)."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        words = ["-r", str(lock), "--require-hashes", "--disable-pip", "--progress-spinner", "off"]
        words += ["-s", service, "-f", "json", "-o", str(report), "--timeout", "20"]
        try:
            run = subprocess.run([*command, *words], capture_output=True, text=True, timeout=SECONDS)
        except (OSError, subprocess.TimeoutExpired) as error:
            return None, type(error).__name__
        findings = read_report(report.read_text()) if report.exists() else None
        lines = [line for line in (run.stderr or run.stdout).splitlines() if line.strip()]
        return findings, "" if findings else (lines[-1][:200] if lines else f"exit code {run.returncode}")


def audit(command: list[str], locks: tuple[Path, ...] = LOCKS) -> int:
    """Say what is known about the pinned versions. CLEAN, FOUND, or NOT_CHECKED when something was not answered."""
    code = CLEAN
    for lock in locks:
        left = {pin.name for pin in read_pins(lock)}
        total, reasons = len(left), []
        for service in SERVICES:
            findings, reason = ask(command, lock, service)
            if findings is None:
                reasons.append(f"{service}: {reason}")
                continue
            left -= findings.checked
            for fault in findings.faults:
                print(f"FAULT {lock.name}: {fault}")
                code = FOUND
            if not left:
                break
        print(f"{lock.name}: {total - len(left)} of {total} packages checked")
        if left:
            print(f"NOT CHECKED {lock.name}: {', '.join(sorted(left))}")
            print("\n".join(f"  {reason}" for reason in reasons) or "  no advisory database answers for them here")
            code = code or NOT_CHECKED
    return code


def main(words: list[str]) -> int:
    if words[:1] == ["sbom"] and len(words) == 2:
        target = Path(words[1])
        target.parent.mkdir(parents=True, exist_ok=True)
        bill = make_bill()
        target.write_text(json.dumps(bill, indent=2) + "\n")
        print(f"{target}: {len(bill['components'])} components")
        return 0
    if words[:1] == ["audit"] and len(words) > 1:
        return audit(words[1:])
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
