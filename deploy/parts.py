"""One process of the shape, and how it is known that something answers."""

# ruff: noqa: S310 - it asks addresses that it was given by its caller

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

START_SECONDS = 120.0


def answers(url: str, timeout: float = 2.0) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as error:
        error.close()
    except OSError:
        pass
    return False


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def wait_for(condition: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:g} s for {what}")
        time.sleep(0.05)


class Part:
    """One process of the whole: started, stopped and killed as often as one likes, on the same port and data."""

    def __init__(
        self,
        name: str,
        command: list[str],
        folder: Path,
        is_ready: Callable[[], bool],
        *,
        environment: dict[str, str] | None = None,
        stop_signal: int = signal.SIGTERM,
        **options: Any,
    ) -> None:
        self.name, self.command, self.folder, self.is_ready = name, command, folder, is_ready
        self.environment, self.stop_signal, self.options = environment, stop_signal, options
        self.process: subprocess.Popen[bytes] | None = None
        self.log_path = folder / f"{name}.log"

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it and wait until it can be used. Raises RuntimeError with the end of its log."""
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                **self.options,
            )  # fmt: skip
        try:
            wait_for(lambda: not self.runs or self.is_ready(), self.name)
        except TimeoutError as error:
            raise RuntimeError(f"{error}:\n{self.log_path.read_text()[-4000:]}") from error
        if not self.runs:
            raise RuntimeError(f"{self.name} ended:\n{self.log_path.read_text()[-4000:]}")

    def stop(self, seconds: float = 60.0) -> None:
        """Ask it to end and wait for it."""
        if self.process is None:
            return
        if self.runs:
            self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None and self.runs:
            self.process.kill()
            self.process.wait()

    def restart(self) -> None:
        self.stop()
        self.start()
