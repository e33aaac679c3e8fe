"""What the repository may not contain, and what its pinned files must be."""

from __future__ import annotations

import hashlib
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Written in pieces, so that this file does not find itself.
INDEX_HOSTS = ("pypi" + ".org", "python" + "hosted.org", "registry." + "npmjs.org", "registry." + "yarnpkg.com")
INDEX_PATHS = re.compile(r"/packages/[0-9a-f]{2}/[0-9a-f]{2}/|https?://[^\s\"']*/sim" r"ple\b")
MACHINE_PATHS = re.compile(r"(?:^|[\s\"'=(:])(?:file://)?/(?:wo" r"rk|ro" r"ot|home/[a-z]\w*|Users/\w+)/", re.MULTILINE)
FOREIGN_LOCKS = {
    "uv.lock", "pylock.toml", "poetry.lock", "pdm.lock", "Pipfile.lock",
    "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "npm-shrinkwrap.json",
}  # fmt: skip


def tracked_files() -> list[Path]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return [path for name in names if name and (path := ROOT / name).is_file()]


def offenders(found_in: re.Pattern[str]) -> list[str]:
    hits = []
    for path in tracked_files():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        hits += [f"{path.relative_to(ROOT)}: {match.group()}" for match in found_in.finditer(text)]
    return hits


@pytest.mark.parametrize("host", INDEX_HOSTS)
def test_no_host_of_a_package_index_stands_in_the_tree(host: str) -> None:
    assert offenders(re.compile(re.escape(host))) == []


def test_no_address_inside_a_package_index_stands_in_the_tree() -> None:
    assert offenders(INDEX_PATHS) == []


def test_no_path_of_somebodys_machine_stands_in_the_tree() -> None:
    assert offenders(MACHINE_PATHS) == []


def test_the_patterns_find_what_they_are_for() -> None:
    assert MACHINE_PATHS.search("see /ro" + "ot/thing")
    assert MACHINE_PATHS.search("url = 'file:///ho" + "me/ana/x'")
    assert INDEX_PATHS.search("https://mirror.example/sim" + "ple/flask/")
    assert not MACHINE_PATHS.search("GET /api/v1/ro" + "ot/")


def test_the_requirements_are_the_only_lock_files() -> None:
    assert [str(path.relative_to(ROOT)) for path in tracked_files() if path.name in FOREIGN_LOCKS] == []


def pins(name: str) -> dict[str, str]:
    """Each pin of a requirements file with everything that belongs to it."""
    text = (ROOT / "requirements" / name).read_text().replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return {line.split(" ", 1)[0]: line for line in lines}


@pytest.mark.parametrize("name", ["run.txt", "dev.txt"])
def test_every_requirement_is_pinned_with_hashes_and_nothing_else(name: str) -> None:
    found = pins(name)
    assert len(found) > 50
    for first, line in found.items():
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[^\s;]+", first), f"{name}: {first} is no pin"
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", line), f"{name}: {first} has no hash"
        assert "@" not in line, f"{name}: {first} names an address"
        assert "://" not in line, f"{name}: {first} names an address"


def test_the_dev_requirements_hold_the_run_requirements() -> None:
    assert pins("run.txt").keys() - pins("dev.txt").keys() == set()


@pytest.mark.parametrize("folder", ["static/vendor", "tests/vendor"])
def test_vendored_files_are_the_published_ones(folder: str) -> None:
    base = ROOT / folder
    rows = re.findall(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", (base / "README.md").read_text(), re.MULTILINE)
    listed = dict(rows)
    present = {
        path.relative_to(base).as_posix()
        for path in base.rglob("*")
        if path.is_file() and path.name != "README.md" and "LICENSE" not in path.name
    }
    assert present == listed.keys()
    for name, digest in listed.items():
        assert hashlib.sha256((base / name).read_bytes()).hexdigest() == digest, name
