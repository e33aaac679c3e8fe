"""Failpoints: named places where tests let a running process die, sleep or lose something. Never in production.

Nothing happens unless `allow` was called, which only `serve --allow-failpoints` and `worker --allow-failpoints` do.
"""

from __future__ import annotations

import os
import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path

POINTS = {
    "after_commit": "a transaction with consequences has committed, nobody was woken",
    "before_mark": "an effect of the outbox was performed, and is not marked",
    "mail_accepted": "the mail server took a mail, and nothing says so",
    "tick": "the ticker begins a round",
    "step_claimed": "due steps were claimed, their transaction runs",
    "follower": "the follower of the feed begins a round",
    "push": "an event is about to be sent to sockets",
}
ACTIONS = ("kill", "sleep", "drop")


class BadFailpoints(ValueError):
    """The text names no such failpoint or action. Its message says which."""


@dataclass(slots=True)
class Failpoint:
    """What happens at one place: `kill` with the `value`-th arrival, `sleep` or, by that chance, `drop`."""

    action: str
    value: float
    arrivals: int = 0

    def act(self) -> bool:
        self.arrivals += 1
        if self.action == "kill" and self.arrivals >= self.value:
            os.kill(os.getpid(), signal.SIGKILL)
        elif self.action == "sleep":
            time.sleep(self.value)
        return self.action == "drop" and random.random() < self.value


def parse(text: str) -> dict[str, Failpoint]:
    """`name:kill`, `name:kill=3` (at the third time), `name:sleep=1.5`, `name:drop=0.3`, by commas.

    Raises BadFailpoints.
    """
    found: dict[str, Failpoint] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, rest = part.partition(":")
        action, _, value = rest.partition("=")
        if name not in POINTS or action not in ACTIONS:
            raise BadFailpoints(f"{part!r}: names are {', '.join(POINTS)}; actions are {', '.join(ACTIONS)}")
        try:
            found[name] = Failpoint(action, float(value or 1))
        except ValueError as error:
            raise BadFailpoints(f"{part!r}: {value!r} is not a number") from error
    return found


class Board:
    """The failpoints that are set in this process; from a file, they follow what it says."""

    def __init__(self, text: str) -> None:
        self._path = Path(text[1:]) if text.startswith("@") else None
        self._stamp: tuple[int, int] | None = None
        self._points = {} if self._path else parse(text)

    def act(self, name: str) -> bool:
        if self._path is not None:
            self._read(self._path)
        point = self._points.get(name)
        return point is not None and point.act()

    def _read(self, path: Path) -> None:
        try:
            stat = path.stat()
            if (stat.st_mtime_ns, stat.st_size) != self._stamp:
                self._points = parse(path.read_text())
                self._stamp = (stat.st_mtime_ns, stat.st_size)
        except FileNotFoundError:
            self._points, self._stamp = {}, None


_board: Board | None = None


def allow(text: str) -> None:
    """Set the failpoints of this process: their text, or `@path` of a file that holds it and may change."""
    global _board
    _board = Board(text) if text else None


def hit(name: str) -> bool:
    """This place was reached. True when what follows is to be left out; without failpoints nothing happens."""
    return _board is not None and _board.act(name)
