"""An open page without a browser: it connects again by itself, and keeps its board by the rules of the real scripts."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import websocket

from tests.faults.processes import Browser
from tests.live import LiveServer
from tests.properties.model_client import Line
from tests.realtime.wires import Wire

SILENCE_SECONDS = 25.0  # the server pings every 10 s
Banner = dict[str, Any]


class Frame(NamedTuple):
    at: float  # monotonic
    name: str
    data: Any


class Page:
    """Connects to what `where` says, an address or a server, whenever it has no socket. `stop` or the test ends it.

    `frames` are all events that came; `connects` counts accepted sockets, `attempts` all that were tried.
    """

    _running: ClassVar[set[Page]] = set()

    def __init__(self, browser: Browser, where: Callable[[], LiveServer], through: str | None = None) -> None:
        self.browser, self._where, self.through = browser, where, through
        self.line = Line(self._ask)
        self.frames: list[Frame] = []
        self.connects = self.attempts = 0
        self.is_live = False
        self._wire: Wire | None = None
        self._later: deque[tuple[str, Any]] = deque()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        Page._running.add(self)

    # --- what a test asks -------------------------------------------------------------------------------------------

    @property
    def banners(self) -> list[Banner]:
        return list(self.line.board.banners.values())

    @property
    def ids(self) -> list[int]:
        return sorted(self.line.board.banners)

    def shows(self, board: dict[str, Any]) -> bool:
        """Whether it shows exactly this board, with a socket that lives."""
        return self.is_live and sorted(self.banners, key=_id) == sorted(board["banners"], key=_id)

    def times(self, name: str, banner_id: int) -> int:
        """How often such an event came for this banner."""
        return sum(_subject(frame) == (name, banner_id) for frame in list(self.frames))

    @classmethod
    def stop_all(cls) -> None:
        """Stop those that a failed test left behind: they would go on trying beside the next one."""
        for page in list(cls._running):
            page.stop()

    def stop(self) -> None:
        Page._running.discard(self)
        self._ended.set()
        self._drop()
        self._thread.join(5)

    def drop(self) -> None:
        """Lose the socket, as a change of network does."""
        self._drop()

    # --- the loop ---------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        failures = 0
        while not self._ended.is_set():
            before = self.connects
            try:
                self._open()
                while not self._ended.is_set():
                    self._take(self._next())
            except (OSError, websocket.WebSocketException, AssertionError, EOFError):
                pass
            self.is_live = False
            self._drop()
            failures = 0 if self.connects > before else failures + 1
            self._ended.wait(min(2.0, 0.1 * 2 ** min(failures, 5)) * random.uniform(0.5, 1.5))

    def _open(self) -> None:
        server = self._where()
        self.attempts += 1
        self._later.clear()
        self._wire = self.browser.wire(server, through=self.through)
        answer = self._wire.join(self.browser.csrf)
        if not answer.startswith("40/live"):
            raise EOFError(answer)
        self.connects += 1

    def _next(self) -> tuple[str, Any]:
        if self._later:
            return self._later.popleft()
        text = self._read()
        while text.startswith(("40/live,", "43/live,")):  # an answer that came before comes again
            text = self._read()
        return self._event(text)

    def _read(self) -> str:
        assert self._wire is not None
        text = self._wire.read(SILENCE_SECONDS)
        if not text:
            raise EOFError
        return text

    @staticmethod
    def _event(text: str) -> tuple[str, Any]:
        if not text.startswith("42/live,"):
            raise EOFError(text)
        name, data = json.loads(text.removeprefix("42/live,"))
        return name, data

    def _take(self, event: tuple[str, Any]) -> None:
        name, data = event
        self.frames.append(Frame(time.monotonic(), name, data))
        self.line.take(name, data)
        if name == "board":
            self.is_live = True

    def _ask(self, data: dict[str, Any]) -> dict[str, Any]:
        """Ask for a resync; what comes before the answer is taken afterwards."""
        assert self._wire is not None
        self._wire.acknowledged += 1
        number = self._wire.acknowledged
        start = f"43/live,{number}["
        self._wire.write(f"42/live,{number}{json.dumps(['resync', data])}")
        while not (text := self._read()).startswith(start):
            self._later.append(self._event(text))
        answer: dict[str, Any] = json.loads(text.removeprefix(start[:-1]))[0]
        return answer

    def _drop(self) -> None:
        wire = self._wire
        if wire is not None:
            with contextlib.suppress(OSError, AttributeError):  # closed before
                wire.socket.sock.shutdown(socket.SHUT_RDWR)  # wakes the loop that reads from it
            wire.close()


def _id(banner: Banner) -> int:
    number: int = banner["id"]
    return number


def _subject(frame: Frame) -> tuple[str, Any]:
    if frame.name == "banner":
        return "banner", frame.data["banner"]["id"]
    return frame.name, frame.data.get("id")
