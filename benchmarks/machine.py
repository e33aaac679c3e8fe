"""Processes and what they use: started, measured and ended by the benchmark that needs them."""

from __future__ import annotations

import atexit
import http.client
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NATIVE = Path(__file__).with_name("native")


class CannotMeasure(Exception):
    """Something that a benchmark needs is not there. The text says what."""


@cache
def scratch_folder() -> Path:
    """A folder that is there until the run ends."""
    folder = Path(tempfile.mkdtemp(prefix="hdbench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def raise_file_limit(wanted: int) -> None:
    """Allow this process and its children `wanted` open files. Raises CannotMeasure when the system forbids it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise CannotMeasure(f"{wanted} open files are needed and only {hard} allowed (ulimit -n)")
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else wanted, hard))


def file_limit() -> int:
    """How many open files this process and its children may have by now."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


@cache
def build(name: str) -> Path:
    """The program made from native/<name>.c, compiled once per run. Raises CannotMeasure without a C compiler."""
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None:
        raise CannotMeasure("a C compiler (cc) is needed for the load generator")
    target = scratch_folder() / name
    if not target.exists():
        subprocess.run([compiler, "-O2", "-o", str(target), str(NATIVE / f"{name}.c")], check=True)
    return target


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def busy_share(seconds: float = 0.15) -> float:
    """How much of the machine everybody uses together, 0 to 1."""

    def read() -> tuple[int, int]:
        with open("/proc/stat") as file:
            ticks = [int(word) for word in file.readline().split()[1:9]]
        return sum(ticks) - ticks[3] - ticks[4], sum(ticks)

    before = read()
    time.sleep(seconds)
    after = read()
    return (after[0] - before[0]) / max(1, after[1] - before[1])


def wait_for_quiet(seconds: float = 5.0, share: float = 0.3) -> float:
    """Wait at most so long for a moment in which little else runs. The share that was busy at the end."""
    end = time.monotonic() + seconds
    while (busy := busy_share()) > share and time.monotonic() < end:
        pass
    return busy


class Process:
    """A server of a benchmark on a loopback port. Its output goes to a file; `kill` and the end of the run end it."""

    def __init__(self, command: Sequence[str], port: int, log: Path, environment: dict[str, str] | None = None) -> None:
        self.port, self.log_path = port, log
        self.url = f"http://127.0.0.1:{port}"
        with open(log, "ab") as file:
            self.process = subprocess.Popen(
                list(command),
                cwd=ROOT,
                env=clean_environment() | (environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )
        atexit.register(self.kill)

    def wait_for(self, path: str = "/", seconds: float = 120.0) -> float:
        """Wait until a GET answers with anything. The moment in monotonic seconds. Raises CannotMeasure."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1):
                    pass
                self.get(path)
                return time.monotonic()
            except OSError:
                time.sleep(0.005)
        self.kill()
        raise CannotMeasure(f"the server did not start:\n{self.log_path.read_text()[-2000:]}")

    def get(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    def post(self, path: str, text: str, expected: bytes = b"200") -> None:
        """Send JSON in one piece and wait for the answer's first bytes."""
        body = text.encode()
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nConnection: close\r\n"
        with socket.create_connection(("127.0.0.1", self.port), 60) as connection:
            connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            if expected not in (answer := connection.recv(65536)).partition(b"\r\n")[0]:
                raise RuntimeError(f"POST {path}: {answer[:300]!r}")

    def cpu_seconds(self) -> float:
        """Processor time of all its threads so far."""
        return time.clock_gettime(
            (~self.process.pid << 3) | 2
        )  # the CPU clock of that process: see clock_getcpuclockid

    def memory_kb(self) -> float:
        """The memory that is its own: the proportional set size."""
        with open(f"/proc/{self.process.pid}/smaps_rollup") as file:
            return float(next(line.split()[1] for line in file if line.startswith("Pss:")))

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


def clean_environment() -> dict[str, str]:
    """The environment without the settings of whoever runs the benchmark.

    Compiled modules are kept, as everywhere where people run the program, but in a folder of the benchmark's own.
    """
    unwanted = ("HELPDESK_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return kept | {"PYTHONUNBUFFERED": "1", "PYTHONPYCACHEPREFIX": str(scratch_folder() / "bytecode")}


def python(*words: str) -> list[str]:
    return [sys.executable, *words]
