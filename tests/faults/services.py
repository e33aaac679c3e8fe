"""PostgreSQL and Redis servers of a test's own, which it may kill, starve and start again on the same address."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests import servers
from tests.waiting import wait_until


class Postgres:
    """One server that `crash` ends as a power cut would, and `launch` starts again on the same data and port."""

    def __init__(self) -> None:
        if "HELPDESK_TEST_POSTGRES_URL" in os.environ:
            pytest.skip("the PostgreSQL server is not ours to kill")
        self.url, self._remove = servers.start_postgres()
        with psycopg.connect(self.url.replace("+psycopg", "")) as connection:
            row = connection.execute("SHOW data_directory").fetchone()
        assert row is not None
        self.data = Path(row[0])
        self.port = int(self.url.rpartition(":")[2].partition("/")[0])
        self._command = shlex.split((self.data / "postmaster.opts").read_text())
        self._process: subprocess.Popen[bytes] | None = None

    def crash(self) -> None:
        """`pg_ctl -m immediate stop`: no clean end, the log is read again at the next start."""
        pid = int((self.data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)
        wait_until(lambda: not (self.data / "postmaster.pid").exists(), "PostgreSQL is down")
        if self._process is not None:
            self._process.wait(20)

    def launch(self) -> None:
        user = servers._other_user()
        log = open(self.data.parent / "log", "ab")  # noqa: SIM115 - belongs to the process
        self._process = subprocess.Popen(self._command, stdout=log, stderr=log, cwd=self.data.parent, **user)
        log.close()
        wait_until(lambda: servers._accepts_connections(self.url), "PostgreSQL accepts connections", 60)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(20)
        self._remove()


class Redis:
    """One server that `stop` ends and `start` brings back, empty, on the same port."""

    def __init__(self) -> None:
        exe = servers.find_redis()
        if exe is None:
            raise RuntimeError("no Redis or Valkey: install the dev requirements")
        self.port = servers.free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._command = [exe, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self._answers, "Redis answers")

    def _answers(self) -> bool:
        from redis import Redis as Client
        from redis.exceptions import RedisError

        try:
            with Client(port=self.port, socket_connect_timeout=1) as client:
                return bool(client.ping())
        except (RedisError, OSError):
            return False

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def pause(self) -> Callable[[], None]:
        """Let it hang: it takes connections and answers nobody. The function that ends that."""
        process = self._process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        return lambda: process.send_signal(signal.SIGCONT)
