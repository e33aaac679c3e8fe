"""The environment in .venv: exactly what the lock files name, by the standard library alone."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOOLS, VENV = ROOT / ".tools", ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "helpdesk-stamp"
LOCKS = {"run": ROOT / "requirements" / "run.txt", "dev": ROOT / "requirements" / "dev.txt"}
UV_MIN, UV_NEXT = (0, 13), (0, 14)
OLDEST_PYTHON = (3, 11)


def say(text: str) -> None:
    print(f"dev.py: {text}", flush=True)  # noqa: T201


def stop(text: str) -> None:
    sys.exit(f"dev.py: {text}")


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
