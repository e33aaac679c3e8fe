#!/usr/bin/env python3
"""python3 dev.py run | test | bench | faults | lint | lock | sbom | audit | translations [arguments]

Needs only Python 3.11 or newer with pip (or uv on the path). Tools land in .tools, the environment in .venv.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from development.browser import install_alertmanager, install_browser, install_proxies
from development.checks import CHECKS, check
from development.environment import BIN, PYTHON, ROOT, find_python, find_uv, quiet_environment, say, sync, uv
from development.translations import compile_translations, update_translations

PIP_AUDIT = "pip-audit>=2.10,<3"
NOT_CHECKED = 3  # the exit code of an audit that could not ask


def replace_by(*command: str | Path) -> int:
    """Become that program, so that signals and the exit code are its own."""
    words = [str(word) for word in command]
    if os.name == "nt":
        return subprocess.run(words, cwd=ROOT).returncode
    os.chdir(ROOT)
    sys.stdout.flush()
    os.execv(words[0], words)
    return 1


def run(arguments: list[str]) -> int:
    sync("run")
    compile_translations()
    helpdesk = BIN / "helpdesk"
    steps = [["migrate"]]
    if os.environ.get("HELPDESK_ENV", "development") != "production":
        steps.append(["demo", "--if-empty"])
    for step in steps:
        code = subprocess.run([str(helpdesk), *step], cwd=ROOT).returncode
        if code != 0:
            return code
    return replace_by(helpdesk, "serve", *arguments)


def lint(_arguments: list[str]) -> int:
    sync("dev")
    failed = []
    for name in CHECKS:
        content, text = check(name)
        say(f"{name}: {'clean' if content else 'failed'}")
        if not content:
            print(text, flush=True)
            failed.append(name)
    return 1 if failed else 0


def test(arguments: list[str]) -> int:
    """The whole suite on both databases, static checks included. The last line is pytest's own summary.

    What fails while the tests share the machine's cores must fail again alone to count: real browsers and processes
    are among them.
    """
    sync("dev")
    compile_translations()
    install_browser()
    install_alertmanager()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of processes would each compile the program again
    suite = [str(PYTHON), "-m", "pytest", "--database", "both", *arguments]
    first = subprocess.run([*suite, "-n", "auto", "--dist", "worksteal"], cwd=ROOT).returncode
    if first != 1:  # 1: tests failed
        return first
    say("the tests that failed once more, one after the other")
    return replace_by(PYTHON, *suite[1:], "--last-failed", "--last-failed-no-failures", "none")


def bench(arguments: list[str]) -> int:
    sync("dev")
    compile_translations()
    return replace_by(PYTHON, "-m", "benchmarks", *arguments)


def faults(arguments: list[str]) -> int:
    sync("dev")
    compile_translations()
    install_proxies()
    install_alertmanager()
    os.environ.setdefault("HELPDESK_TEST_FAULTS", "full")  # `make test` runs a short form of them
    return replace_by(PYTHON, "-m", "pytest", "tests/faults", "--database", "both", *arguments)


def lock(arguments: list[str]) -> int:
    """Write requirements/*.txt anew; `--upgrade` or `-P NAME` are passed on. No index or path ends up in them."""
    private = {"UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "PIP_FIND_LINKS"}
    env = {name: value for name, value in quiet_environment().items() if name not in private}
    form = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--no-header"]
    base = ["pip", "compile", "-q", "pyproject.toml", "--no-annotate", "--group", "build", *form, *arguments]
    uv(*base, "-o", "requirements/run.txt", env=env)
    uv(*base, "--group", "dev", "-c", "requirements/run.txt", "-o", "requirements/dev.txt", env=env)
    return 0


def sbom(arguments: list[str]) -> int:
    """Write what the program is made of as a CycloneDX bill of materials, to dist/sbom.cdx.json or the file given."""
    sync("run")
    target = Path(arguments[0]) if arguments else ROOT / "dist" / "sbom.cdx.json"
    return subprocess.run([str(PYTHON), ".ci/supply.py", "sbom", str(target.absolute())], cwd=ROOT).returncode


def audit(_arguments: list[str]) -> int:
    """Ask the advisory databases about every pinned version. Exit 0: nothing is known, 1: faults, 3: could not ask."""
    tool = [find_uv(), "tool", "run", "--from", PIP_AUDIT, "pip-audit"]
    env = quiet_environment()
    if subprocess.run([*tool, "--version"], env=env, capture_output=True).returncode != 0:
        say(f"{PIP_AUDIT} could not be fetched: no version was checked. Is the network there?")
        return NOT_CHECKED
    code = subprocess.run([find_python(), ".ci/supply.py", "audit", *tool], cwd=ROOT, env=env).returncode
    if code == NOT_CHECKED:
        say("no clean bill: what is named above was not checked. Run it where an advisory database answers.")
    return code


def translations(_arguments: list[str]) -> int:
    """Bring the .po files up to date."""
    sync("dev")
    update_translations()
    return 0


COMMANDS = {
    "run": run,
    "test": test,
    "bench": bench,
    "faults": faults,
    "lint": lint,
    "lock": lock,
    "sbom": sbom,
    "audit": audit,
    "translations": translations,
}


def main() -> int:
    name, arguments = (sys.argv[1] if len(sys.argv) > 1 else ""), sys.argv[2:]
    if name not in COMMANDS:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        return COMMANDS[name](arguments)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
