"""The real program in processes of its own, as people run it: started, killed and started again by tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

from tests.servers import free_port
from tests.waiting import wait_until

HELPDESK = Path(sys.executable).with_name("helpdesk")
SECRET_KEY = "a-key-for-tests-only-0123456789abcdef0123456789"  # the same for all, as several processes share sessions


def clean_environment() -> dict[str, str]:
    """The environment without the HELPDESK_* names of whoever runs the tests.

    What Python compiles is kept: else each of hundreds of processes would compile the whole program again.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HELPDESK_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept


class LiveServer:
    """One `helpdesk serve` process (or another command) on a port and a database that it keeps over restarts.

    `environment` is added to the settings that every server gets. The log of all its runs is in `log_path`.
    Several servers that get the same `clock_file` see the same time.
    """

    def __init__(
        self,
        folder: Path,
        database_url: str,
        *,
        command: tuple[str, ...] = ("serve",),
        environment: dict[str, str] | None = None,
        clock_file: Path | None = None,
        name: str = "server",
    ) -> None:
        self.command = command
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        self.log_path = folder / f"{name}.log"
        self.clock_file = clock_file or folder / "clock"
        self.process: subprocess.Popen[bytes] | None = None
        self.environment = clean_environment() | {
            "HELPDESK_DATABASE_URL": database_url,
            "HELPDESK_HOST": "127.0.0.1",
            "HELPDESK_PORT": str(self.port),
            "HELPDESK_PUBLIC_URL": self.url,
            "HELPDESK_SECRET_KEY": SECRET_KEY,
            "HELPDESK_CLOCK_FILE": str(self.clock_file),
            "HELPDESK_INSTANCE_DIR": str(folder / "instance"),
            "PYTHONUNBUFFERED": "1",
            **(environment or {}),
        }

    @property
    def is_web(self) -> bool:
        return self.command[0] == "serve"

    @property
    def log(self) -> str:
        return self.log_path.read_text() if self.log_path.exists() else ""

    def run(self, *command: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run another `helpdesk` command to its end with the settings of this server. Exit codes are not checked."""
        return subprocess.run(
            [str(HELPDESK), *command],
            cwd=self.folder,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def launch(self) -> LiveServer:
        """Start the process without waiting for it to serve."""
        if self.process is not None and self.process.poll() is None:
            raise RuntimeError("it runs already")
        with open(self.log_path, "ab") as log:
            command = [str(HELPDESK), *self.command]
            self.process = subprocess.Popen(command, cwd=self.folder, env=self.environment, stdout=log, stderr=log)
        return self

    def start(self, timeout: float = 90.0) -> LiveServer:
        """Start it; a web server answers on /healthz when this returns. Raises RuntimeError with the log otherwise."""
        self.launch()
        if self.is_web:
            self.wait_for("/healthz", timeout)
        return self

    def wait_for(self, path: str, timeout: float = 90.0) -> None:
        """Wait until a GET of `path` answers 200. Raises RuntimeError with the log if it never does."""
        assert self.process is not None
        process = self.process
        try:
            wait_until(lambda: process.poll() is not None or self._answers(path), f"200 on {path}", timeout)
        except TimeoutError as error:
            self.kill()
            raise RuntimeError(f"{error}\n{self.log}") from error
        if process.poll() is not None:
            raise RuntimeError(f"`helpdesk {' '.join(self.command)}` ended with {process.returncode}:\n{self.log}")

    def _answers(self, path: str) -> bool:
        try:
            with urllib.request.urlopen(self.url + path, timeout=2) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as error:
            error.close()
        except OSError:
            pass
        return False

    def stop(self, timeout: float = 30.0) -> int:
        """Ask it to end, as Ctrl-C and service managers do, and give the exit code. Raises when it does not."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise RuntimeError(f"it did not stop within {timeout:g} s:\n{self.log}") from error

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def restart(self, timeout: float = 90.0) -> LiveServer:
        """Stop it if it runs, and start it on the same port and database."""
        self.stop()
        return self.start(timeout)

    def set_shift(self, seconds: float) -> None:
        """Let the time of the process be `seconds` ahead of the system's."""
        temporary = self.clock_file.with_suffix(".new")
        temporary.write_text(f"{seconds:.3f}")
        temporary.replace(self.clock_file)

    def set_time(self, at: datetime) -> None:
        """Let it be `at` in the process now; its time goes on from there."""
        self.set_shift((at - datetime.now(UTC)).total_seconds())

    def advance(self, seconds: float) -> None:
        """Move the time of the process by `seconds`."""
        self.set_shift(float(self.clock_file.read_text() if self.clock_file.exists() else 0) + seconds)
