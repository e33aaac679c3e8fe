"""Several real processes on one database. `make test` runs a short form of each test, `make faults` the whole of it."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
import requests

from helpdesk.accounts.models import User
from tests import factories
from tests.databases import START
from tests.fixtures import People
from tests.live import LiveServer
from tests.realtime.wires import Wire
from tests.waiting import wait_until

FORM = os.environ.get("HELPDESK_TEST_FAULTS", "")  # "full", or "short": every test, but little of each
IS_FULL = FORM == "full"
PROMISE_SECONDS = 2.0
START_SECONDS = 180.0  # until a process runs, on a machine that does many other things at the same time
# `make faults` holds the program to its promise; within the suite, other tests take the machine's time.
SLACK_SECONDS = float(os.environ.get("HELPDESK_TEST_SLACK", "1" if IS_FULL else "10"))
full_form = pytest.mark.full_form  # takes long: under `make faults` only
# Within the suite on one database each: their processes cost more than all else there.
by_turns = [] if FORM else [pytest.mark.by_turns]


def size(short: int, full: int) -> int:
    """How often or how much: the short form, or all of it under `make faults`."""
    return full if IS_FULL else short


class Browser:
    """One person's session, which any of the processes serves, and raw sockets with it."""

    opened: ClassVar[list[Browser]] = []  # closed by the fixture `desk`

    def __init__(self, server: LiveServer, user: User) -> None:
        self.http = requests.Session()
        self.wires: list[Wire] = []
        Browser.opened.append(self)
        page = self.http.get(f"{server.url}/sign-in", timeout=20).text
        form = {"csrf_token": self._token(page), "email": user.email, "password": factories.PASSWORD}
        self.http.post(f"{server.url}/sign-in", data=form, timeout=20).raise_for_status()
        self.csrf = self._token(self.http.get(f"{server.url}/profile", timeout=20).text)

    @classmethod
    def close_all(cls) -> None:
        for browser in cls.opened:
            browser.http.close()
            for wire in browser.wires:
                wire.close()
        cls.opened.clear()

    @staticmethod
    def _token(page: str) -> str:
        found = re.search(r'<meta name="csrf-token" content="([^"]+)"', page)
        assert found, page[:500]
        return found[1]

    def join(self, server: LiveServer) -> tuple[Wire, dict[str, Any]]:
        """A socket to that process, and the board that it was greeted with."""
        wire = self.wire(server)
        answer = wire.join(self.csrf)
        assert answer.startswith("40/live"), answer
        name, board = wire.event()
        assert name == "board"
        return wire, board

    def wire(self, server: LiveServer, through: str | None = None) -> Wire:
        """A socket to that process that has not joined, `through` another address such as a relay's."""
        cookie = "; ".join(f"{c.name}={c.value}" for c in self.http.cookies)
        host = server.url.removeprefix("http://")
        wire = Wire(through or server.url, cookie=cookie, origin=server.url, host=host)
        self.wires.append(wire)
        return wire

    def board(self, server: LiveServer) -> dict[str, Any]:
        answer = self.http.get(f"{server.url}/api/v1/me/board", timeout=20)
        answer.raise_for_status()
        board: dict[str, Any] = answer.json()
        return board

    def post(self, server: LiveServer, path: str, **data: Any) -> requests.Response:
        form = {"csrf_token": self.csrf, **data}
        return self.http.post(server.url + path, data=form, timeout=20, allow_redirects=False)


class Desk:
    """Servers that share a database and a clock, and Teresa who announces by the API."""

    def __init__(self, people: People, live_server: Callable[..., LiveServer]) -> None:
        self.people, self._live_server = people, live_server
        self.token = factories.make_token(people.teresa)

    def server(self, **arguments: Any) -> LiveServer:
        """One more process; it runs when this returns."""
        return self.make(**arguments).start(timeout=START_SECONDS)

    def make(self, *command: str, environment: dict[str, str] | None = None, **arguments: Any) -> LiveServer:
        """One more process, not started: `serve` unless another command is named. `arm` sets its failpoints."""
        if command:
            arguments["command"] = command
        server = self._live_server(environment=environment, **arguments)
        if not server.clock_file.exists():
            server.set_time(START)
        server.command = (*server.command, "--allow-failpoints")
        server.environment["HELPDESK_FAILPOINTS"] = f"@{failpoints_of(server)}"
        return server

    def servers(self, count: int, **arguments: Any) -> list[LiveServer]:
        """So many processes that run when this returns."""
        made = [self.make(**arguments).launch() for _number in range(count)]
        for server in made:
            server.wait_for("/healthz", START_SECONDS)
        return made

    def worker(self, **arguments: Any) -> LiveServer:
        """One more process that does the background work only; it runs when this returns."""
        worker = self.make("worker", **arguments).launch()
        wait_for_worker(worker)
        return worker

    def publish(self, server: LiveServer, title: str = "VPN is down") -> int:
        """An announcement to Finance that is shown now."""
        announcement_id = self.draft(server, title)
        self.call(server, "POST", f"/announcements/{announcement_id}/publish", {})
        return announcement_id

    def call(self, server: LiveServer, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = requests.request(method, f"{server.url}/api/v1{path}", json=body, headers=headers, timeout=20)
        assert answer.ok, answer.text
        return answer.json()

    def draft(self, server: LiveServer, title: str = "VPN is down") -> int:
        body = {
            "title": title,
            "description": "You can't connect.",
            "audience": [{"kind": "department", "id": self.people.finance.id}],
            "next_update_at": "2026-03-12T18:00:00Z",
        }
        made: int = self.call(server, "POST", "/announcements", body)["id"]
        return made


def wait_for_worker(worker: LiveServer, start: int = 1) -> None:
    """Until it runs, for the so-many-th time. Raises with its log when it ended instead."""
    process = worker.process
    assert process is not None
    wait_until(
        lambda: worker.log.count("The worker runs.") >= start or process.poll() is not None, "it runs", START_SECONDS
    )
    assert worker.log.count("The worker runs.") >= start, worker.log


def failpoints_of(server: LiveServer) -> Path:
    return server.folder / f"{server.log_path.stem}.failpoints"


def arm(server: LiveServer, text: str) -> None:
    """Set the failpoints of a running process from now on; "" takes them back."""
    path = failpoints_of(server)
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(path)


def seconds_since(start: float) -> float:
    return time.monotonic() - start
