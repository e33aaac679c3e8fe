"""The many-process shape: PostgreSQL, Redis, web processes, workers and a proxy, on loopback and free ports."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from deploy.fronts import Missing, find_proxy, write_haproxy, write_nginx
from deploy.parts import Part, answers, listens, wait_for
from tests.servers import NOBODY, find_postgres, find_redis, free_port

HELPDESK = Path(sys.executable).with_name("helpdesk")


class Many:
    """The whole shape. `start`, then `url`; `parts` by name; `stop` removes everything."""

    def __init__(
        self, folder: Path, *, proxy: str = "nginx", web: int = 3, workers: int = 2, drain: float = 5,
        settings: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.folder, self.proxy, self.drain = folder, proxy, drain
        self.port, self.database_port, self.redis_port = free_port(), free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database_url = f"postgresql+psycopg://helpdesk@127.0.0.1:{self.database_port}/helpdesk"
        self.web_ports = [free_port() for _one in range(web)]
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("HELPDESK_")} | {
            "HELPDESK_DATABASE_URL": self.database_url,
            "HELPDESK_REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/0",
            "HELPDESK_SECRET_KEY": secrets.token_urlsafe(48),
            "HELPDESK_PUBLIC_URL": self.url,
            "HELPDESK_TRUSTED_PROXIES": "1",
            "HELPDESK_INSTANCE_DIR": str(folder / "instance"),
            "PYTHONUNBUFFERED": "1",
            **(settings or {}),
        }
        self.parts: dict[str, Part] = {}
        parts = [self._postgres(), self._redis(), *map(self._web, range(web)), *map(self._worker, range(workers))]
        for part in [*parts, self._front()]:
            self.parts[part.name] = part

    # --- the parts -----------------------------------------------------------------------------------------------

    def _postgres(self) -> Part:
        bins = find_postgres()
        if bins is None:
            raise Missing("PostgreSQL is not installed. Debian: apt-get install postgresql")
        data = self.folder / "postgresql"
        options: dict[str, Any] = {}
        data.mkdir()
        if os.geteuid() == 0:  # which PostgreSQL refuses to run as
            options = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            os.chown(data, NOBODY, NOBODY)
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}
        initdb = [str(bins / "initdb"), "-D", str(data / "data"), "-U", "helpdesk", "--auth=trust", "-E", "UTF8"]
        made = subprocess.run(
            [*initdb, "--locale=C", "--no-sync"], cwd=data, env=environment, capture_output=True, text=True, **options
        )
        if made.returncode != 0:
            raise RuntimeError(f"initdb failed:\n{made.stderr}")
        command = [str(bins / "postgres"), "-D", str(data / "data"), "-p", str(self.database_port), "-k", str(data)]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"]
        return Part(
            "postgresql", command, self.folder, self._database_answers, environment=environment,
            stop_signal=signal.SIGINT, **options,
        )  # fmt: skip

    def _database_answers(self) -> bool:
        try:
            psycopg.connect(f"postgresql://helpdesk@127.0.0.1:{self.database_port}/postgres", connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _redis(self) -> Part:
        found = find_redis()
        if found is None:
            raise Missing("Redis is not installed. Debian: apt-get install redis-server")
        command = [found, "--port", str(self.redis_port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        return Part("redis", command, self.folder, lambda: listens(self.redis_port))

    def _web(self, number: int) -> Part:
        port = self.web_ports[number]
        environment = self.environment | {"HELPDESK_PORT": str(port), "HELPDESK_HOST": "127.0.0.1"}
        command = [str(HELPDESK), "serve", "--no-worker", "--drain", str(self.drain)]
        return Part(
            f"web-{number + 1}", command, self.folder, lambda: answers(f"http://127.0.0.1:{port}/healthz"),
            environment=environment,
        )  # fmt: skip

    def _worker(self, number: int) -> Part:
        port = free_port()
        environment = self.environment | {"HELPDESK_HOST": "127.0.0.1"}
        command = [str(HELPDESK), "worker", "--port", str(port)]
        return Part(
            f"worker-{number + 1}", command, self.folder, lambda: answers(f"http://127.0.0.1:{port}/healthz"),
            environment=environment,
        )  # fmt: skip

    def _front(self) -> Part:
        program = find_proxy(self.proxy)
        write = write_nginx if self.proxy == "nginx" else write_haproxy
        path = write(self.folder, self.port, self.web_ports)
        command = (
            [program, "-p", str(self.folder), "-c", str(path)] if self.proxy == "nginx" else [program, "-f", str(path)]
        )
        stop_signal = signal.SIGQUIT if self.proxy == "nginx" else signal.SIGTERM
        return Part(self.proxy, command, self.folder, lambda: answers(f"{self.url}/healthz"), stop_signal=stop_signal)

    # --- all of it -----------------------------------------------------------------------------------------------

    def start(self, *, demo: bool = False) -> None:
        """Start everything in order; it serves at `url` when this returns."""
        for name in ("postgresql", "redis"):
            self.parts[name].start()
        server = f"postgresql://helpdesk@127.0.0.1:{self.database_port}/postgres"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CREATE DATABASE helpdesk")
        self.run("migrate")
        if demo:
            self.run("demo")
        for part in self.parts.values():
            if not part.runs:
                part.start()
        wait_for(lambda: all(answers(f"http://127.0.0.1:{port}/readyz") for port in self.web_ports), "ready processes")

    def run(self, *command: str) -> str:
        """Run another `helpdesk` command to its end. Raises RuntimeError with what it said when it fails."""
        done = subprocess.run(
            [str(HELPDESK), *command], env=self.environment, cwd=self.folder, capture_output=True, text=True
        )
        if done.returncode != 0:
            raise RuntimeError(f"helpdesk {' '.join(command)}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def of(self, kind: str) -> list[Part]:
        """The parts of a kind: web or worker."""
        return [part for name, part in self.parts.items() if name.startswith(f"{kind}-")]

    def roll(self) -> None:
        """Restart every web process and worker, one after the other, each only when the one before is ready."""
        for part in [*self.of("web"), *self.of("worker")]:
            part.restart()
            if part.name.startswith("web-"):
                port = part.environment["HELPDESK_PORT"] if part.environment else ""
                wait_for(lambda port=port: answers(f"http://127.0.0.1:{port}/readyz"), f"{part.name} to be ready")  # type: ignore[misc]

    def stop(self) -> None:
        """End everything, the front first; the database last."""
        for part in reversed(self.parts.values()):
            if part.name.startswith(("web-", "worker-")) and part.runs and part.process is not None:
                part.process.send_signal(part.stop_signal)  # all at once: nobody is left to be sent elsewhere
                part.process.send_signal(part.stop_signal)
            part.stop(seconds=15)


@contextlib.contextmanager
def many(**options: Any) -> Iterator[Many]:
    """The shape in a temporary folder, not yet started; everything is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="helpdesk-many-"))
    folder.chmod(0o755)  # PostgreSQL and nginx run as others
    made: Many | None = None
    try:
        made = Many(folder, **options)
        yield made
    finally:
        if made is not None:
            made.stop()
        shutil.rmtree(folder, ignore_errors=True)
