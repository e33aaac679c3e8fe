#!/usr/bin/env python3
"""python3 dev.py run | test | bench | faults | lint | lock | sbom | audit | translations [arguments]

Needs only Python 3.11 or newer with pip (or uv on the path). Tools land in .tools, the environment in .venv.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent
TOOLS, VENV = ROOT / ".tools", ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "helpdesk-stamp"
LOCKS = {"run": ROOT / "requirements" / "run.txt", "dev": ROOT / "requirements" / "dev.txt"}
UV_MIN, UV_NEXT = (0, 13), (0, 14)
OLDEST_PYTHON = (3, 11)
PIP_AUDIT = "pip-audit>=2.10,<3"
NOT_CHECKED = 3  # the exit code of an audit that could not ask
LANGUAGES = ("es", "pt")  # beside English, which the code is written in


def say(text: str) -> None:
    print(f"dev.py: {text}", flush=True)


def stop(text: str) -> None:
    sys.exit(f"dev.py: {text}")


# --- the environment ---------------------------------------------------------------------------------------------


def find_python() -> str:
    """A Python that is new enough: this one, or a newer one on the path."""
    if sys.version_info >= OLDEST_PYTHON:
        return sys.executable
    for minor in range(14, OLDEST_PYTHON[1] - 1, -1):
        exe = shutil.which(f"python3.{minor}")
        if exe and subprocess.run([exe, "--version"], capture_output=True).returncode == 0:
            return exe
    stop(f"Python 3.{OLDEST_PYTHON[1]} or newer is needed; this is {sys.version.split()[0]}. Install a newer one.")
    raise AssertionError


def quiet_environment() -> dict[str, str]:
    """The environment for uv and pip: settings that would break `--target` are off, pip's network settings reach uv."""
    env = dict(os.environ, PIP_USER="0", PIP_REQUIRE_VIRTUALENV="0", PIP_DISABLE_PIP_VERSION_CHECK="1")
    env["PIP_ROOT_USER_ACTION"] = "ignore"
    if "PIP_INDEX_URL" in env and not env.keys() & {"UV_DEFAULT_INDEX", "UV_INDEX_URL"}:
        env["UV_DEFAULT_INDEX"] = env["PIP_INDEX_URL"]
    if "PIP_CERT" in env:
        env.setdefault("SSL_CERT_FILE", env["PIP_CERT"])
    env.pop("VIRTUAL_ENV", None)
    return env


def uv_is_right(exe: Path | str) -> bool:
    try:
        text = subprocess.run([str(exe), "--version"], capture_output=True, text=True).stdout
        version = tuple(int(part) for part in text.split()[1].split(".")[:2])
    except (OSError, IndexError, ValueError):
        return False  # absent, or a shim that knows no uv
    return UV_MIN <= version < UV_NEXT


def find_uv() -> str:
    """uv from the path or from .tools, where pip puts it.

    `pip install --target` needs no venv module and is allowed on externally managed Pythons (PEP 668).
    """
    own = TOOLS / "bin" / ("uv.exe" if os.name == "nt" else "uv")
    on_path = shutil.which("uv")
    for exe in filter(None, (on_path, own)):
        if uv_is_right(exe):
            return str(exe)
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode != 0:
        stop("pip is missing. Install it (Debian, Ubuntu: apt-get install python3-pip) or put uv on the path.")
    say("fetching uv into .tools")
    shutil.rmtree(TOOLS, ignore_errors=True)
    wanted = "uv>={}.{},<{}.{}".format(*UV_MIN, *UV_NEXT)
    command = [sys.executable, "-m", "pip", "install", "-q", "--target", str(TOOLS), wanted]
    if subprocess.run(command, env=quiet_environment()).returncode != 0:
        stop("pip could not fetch uv; see the lines above. Is the network there?")
    return str(own)


def uv(*arguments: str, env: dict[str, str] | None = None) -> None:
    result = subprocess.run([find_uv(), *arguments], cwd=ROOT, env=env or quiet_environment())
    if result.returncode != 0:
        stop(f"`uv {' '.join(arguments[:2])}` failed; see the lines above.")


def fingerprint() -> str:
    """Changes when the environment has to be built again."""
    digest = hashlib.sha256(str(ROOT).encode())
    for path in (*LOCKS.values(), ROOT / "pyproject.toml"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_current(kind: str) -> bool:
    if not (STAMP.exists() and PYTHON.exists()):
        return False
    have, _, digest = STAMP.read_text().partition(" ")
    return have in (kind, "dev") and digest == fingerprint()  # the dev environment holds everything of the run one


def sync(kind: str) -> None:
    """Install exactly what the hashed lock file names, then the project itself; nothing if that is done already."""
    if is_current(kind):
        return
    if STAMP.exists() and STAMP.read_text().startswith("dev"):
        kind = "dev"  # `make run` after `make test` takes nothing away
    say(f"preparing the environment in .venv from requirements/{kind}.txt")
    STAMP.unlink(missing_ok=True)
    works = PYTHON.exists() and subprocess.run([str(PYTHON), "-c", ""], capture_output=True).returncode == 0
    if not works:
        uv("venv", "-q", "--clear", "--no-python-downloads", "--python", find_python(), str(VENV))
    to = ("--python", str(PYTHON))
    uv("pip", "sync", "-q", *to, "--require-hashes", "--compile-bytecode", str(LOCKS[kind]))
    uv("pip", "install", "-q", *to, "--no-deps", "--no-build-isolation", "--no-index", "-e", ".")
    STAMP.write_text(f"{kind} {fingerprint()}")


def compile_translations() -> None:
    """Make the .mo file beside each .po file that is newer."""
    for po in sorted(ROOT.glob("[!.]*/**/LC_MESSAGES/*.po")):
        mo = po.with_suffix(".mo")
        if not mo.exists() or mo.stat().st_mtime < po.stat().st_mtime:
            fresh = po.with_name(f"{os.getpid()}.mo")  # nobody reads half a file
            pybabel("compile", "-i", po, "-o", fresh)
            fresh.replace(mo)


# --- a browser for the tests -------------------------------------------------------------------------------------


def has_browser() -> bool:
    return subprocess.run([str(PYTHON), "tests/browser_finder.py"], cwd=ROOT, capture_output=True).returncode == 0


def install_packages(*names: str) -> None:
    """Install packages of Debian or Ubuntu where that is possible; the caller looks whether it helped."""
    if shutil.which("apt-get") and os.name == "posix" and os.geteuid() == 0:
        say(f"installing the packages {' '.join(names)}")
        env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        for step in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *names]):
            subprocess.run(["apt-get", *step], env=env, stdout=subprocess.DEVNULL)


def install_proxies() -> None:
    """The proxies that stand before several processes in deploy/."""
    places = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    if missing := [name for name in ("nginx", "haproxy") if not shutil.which(name, path=places)]:
        install_packages(*(name.replace("nginx", "nginx-light") for name in missing))
    if missing := [name for name in ("nginx", "haproxy") if not shutil.which(name, path=places)]:
        stop(f"the tests of several processes need {' and '.join(missing)}: install them as packages of the system.")


def install_browser() -> None:
    """Find a browser, else install one: Playwright's download first, then the system's packages."""
    if has_browser():
        return
    if name := os.environ.get("HELPDESK_CHROMIUM"):
        stop(f"HELPDESK_CHROMIUM names {name}, which does not start.")
    say("fetching a browser for the tests")
    download = [str(PYTHON), "-m", "playwright", "install", "--only-shell", "chromium"]
    subprocess.run(download, cwd=ROOT, capture_output=True)
    if has_browser():
        return
    install_packages("chromium")
    if not has_browser():
        stop(
            "no browser for the tests, and none could be installed. Install Chromium or Chrome with the system's "
            "package manager, or set HELPDESK_CHROMIUM to the program."
        )


# --- what make calls ---------------------------------------------------------------------------------------------


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


CHECKS = {
    "ruff": ["ruff", "check", "-q", "."],
    "mypy": ["mypy"],
    "import-linter": ["lint-imports", "--no-logo"],
}


def check(name: str) -> tuple[bool, str]:
    """Run one static check: whether it is content, and what it said."""
    tool, *rest = CHECKS[name]
    result = subprocess.run([str(BIN / tool), *rest], cwd=ROOT, capture_output=True, text=True)
    return result.returncode == 0, result.stdout + result.stderr


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


def catalogs() -> dict[Path, list[str]]:
    """The folder of each set of .po files: the host's and each plugin's, with the folders whose texts it holds."""
    plugins = sorted(hooks.parent for hooks in ROOT.glob("plugins/*/hooks.py"))
    found = {ROOT / "helpdesk" / "translations": ["helpdesk", "templates"]}
    return found | {plugin / "translations": [plugin.relative_to(ROOT).as_posix()] for plugin in plugins}


def pybabel(*arguments: str | Path) -> None:
    if subprocess.run([str(BIN / "pybabel"), "-q", *map(str, arguments)], cwd=ROOT).returncode != 0:
        stop(f"`pybabel {arguments[0]}` failed; see the lines above.")


def extract_texts(folders: list[str], pot: Path) -> None:
    """Write the texts of these folders, each with the names of its files. Line numbers would change all the time."""
    names = ["-k", "_l", "-k", "lazy_gettext", "-k", "lazy_ngettext:1,2"]
    form = ["--project=helpdesk", "--add-location=file", "--sort-output", "-w", "120"]
    pybabel("extract", "-F", "babel.cfg", *names, *form, "-o", pot, *folders)


def translations(_arguments: list[str]) -> int:
    """Bring the .po files up to date: new texts come in empty, texts that are gone leave, nothing is guessed."""
    sync("dev")
    with tempfile.TemporaryDirectory() as folder:
        pot = Path(folder) / "messages.pot"
        for home, folders in catalogs().items():
            extract_texts(folders, pot)
            for language in LANGUAGES:
                po = home / language / "LC_MESSAGES" / "messages.po"
                verb = ["update", "--no-fuzzy-matching", "--ignore-obsolete", "--ignore-pot-creation-date"]
                pybabel(*(verb if po.exists() else ["init"]), "-w", "120", "-i", pot, "-o", po, "-l", language)
    compile_translations()
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
