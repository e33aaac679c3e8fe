"""The load generator: one process of its own (native/crowd.c) that holds thousands of Socket.IO clients."""

from __future__ import annotations

import atexit
import json
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.machine import CannotMeasure, build

NANO = 1e9
MILLI = 1e6


class Crowd:
    """So many clients of one server. Times are in nanoseconds of the monotonic clock.

    `join` is the packet each sends to enter, `ready` a text in the frame after which it counts as connected.
    """

    def __init__(
        self,
        port: int,
        count: int,
        *,
        join: str = "40",
        ready: str = '40{"sid"',
        origin: str = "",
        cookies: Path | None = None,
        small_buffers: int = 0,
    ) -> None:
        command = [str(build("crowd")), f"port={port}", f"count={count}", f"join={join}", f"ready={ready}"]
        command += [f"origin={origin}", f"small={small_buffers}", f"sources={max(8, count // 50)}"]
        if cookies is not None:
            command.append(f"cookies={cookies}")
        self.count = count
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        atexit.register(self.close)

    def _write(self, command: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise CannotMeasure("the load generator ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def open(self, at_once: int = 100, seconds: float = 120.0) -> dict[str, Any]:
        """Connect everybody: {ready, failed, nanoseconds, cpu, p50, p95, p99, last (of single connects)}."""
        self._write(f"open {at_once} {int(seconds * 1000)}")
        return self._read()

    def expect(self, mark: str, count: int = 0, seconds: float = 30.0) -> int:
        """Notice from now on the first frame with `mark` on each client. How many are expected to get it."""
        self._write(f"expect {count} {int(seconds * 1000)} {mark}")
        return int(self._read()["wanted"])

    def arrived(self) -> dict[str, Any]:
        """Wait for those of `expect`: {count, wanted, cpu, first, p50, p95, p99, last}."""
        return self._read()

    def say(self, packet: str) -> int:
        """Let everybody send this packet. How many do; after `expect`, the answers are counted by `arrived`."""
        self._write(f"say {packet}")
        return int(self._read()["said"])

    def pause(self, count: int) -> int:
        """Let the first `count` clients read nothing more. How many do."""
        self._write(f"pause {count}")
        return int(self._read()["changed"])

    def resume(self) -> int:
        self._write("resume")
        return int(self._read()["changed"])

    def stats(self) -> dict[str, Any]:
        """{ready, dropped, failed, frames, bytes, hits (of the present mark), cpu}."""
        self._write("stats")
        return self._read()

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    pass  # it ended with something unwritten
