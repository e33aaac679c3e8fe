#!/usr/bin/env python3
"""Starts the many-process shape on this one machine, for tests and demonstration, on loopback and free ports:

    PostgreSQL, Redis, three web processes, two workers, and nginx or HAProxy in front of them

from the system's packages (Debian: apt-get install postgresql redis-server nginx-light haproxy). Everything lies in a
temporary folder and is gone afterwards. Run it with the environment's Python: .venv/bin/python deploy/many.py --demo

It obeys lines on standard input: roll (restart every process in turn), kill NAME, restart NAME, list, quit.
"""

# ruff: noqa: S310, T201 - it talks to the terminal, and asks addresses that it made itself

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from deploy.fronts import PROXIES, Missing, find_proxy, write_haproxy, write_nginx  # noqa: E402
from tests.servers import NOBODY, find_postgres, find_redis, free_port  # noqa: E402

HELPDESK = Path(sys.executable).with_name("helpdesk")
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
        import psycopg

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
        return Part("redis", command, self.folder, lambda: _listens(self.redis_port))

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
        import psycopg

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


def _listens(port: int) -> bool:
    import socket

    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


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


# --- the command ---------------------------------------------------------------------------------------------------


def obey(shape: Many, line: str) -> bool:
    """Do what one line says. False to end."""
    match line.split():
        case ["quit"]:
            return False
        case ["roll"]:
            shape.roll()
            print("every process was restarted", flush=True)
        case ["kill", name] if name in shape.parts:
            shape.parts[name].kill()
        case ["restart", name] if name in shape.parts:
            shape.parts[name].restart()
        case ["list"] | []:
            for name, part in shape.parts.items():
                print(f"{name:12} {'runs' if part.runs else 'does not run'}", flush=True)
        case _:
            print("roll, kill NAME, restart NAME, list, quit", flush=True)
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--proxy", choices=PROXIES, default="nginx")
    parser.add_argument("--web", type=int, default=3, help="web processes")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--drain", type=float, default=5, help="seconds in which a process closes its sockets")
    parser.add_argument("--demo", action="store_true", help="load the demonstration organisation")
    options = parser.parse_args()
    try:
        with many(proxy=options.proxy, web=options.web, workers=options.workers, drain=options.drain) as shape:
            shape.start(demo=options.demo)
            print(f"Help desk at {shape.url} (logs in {shape.folder})", flush=True)
            for line in sys.stdin:
                if not obey(shape, line):
                    break
    except (Missing, RuntimeError, TimeoutError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
