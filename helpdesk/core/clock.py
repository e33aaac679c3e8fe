"""The only place that reads the time. Everything else is handed a clock or a `now`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from flask import current_app


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """A clock for tests: it stands still until it is told to move."""

    def __init__(self, at: datetime) -> None:
        self._now = at.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def set(self, at: datetime) -> None:
        self._now = at.astimezone(UTC)

    def advance(self, **parts: float) -> datetime:
        self._now += timedelta(**parts)
        return self._now


class FileClock:
    """The system clock shifted by the number of seconds that a file holds: moves the time of running processes.

    Only for tests and demonstrations; settings refuse it in production.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._shift = timedelta()

    def now(self) -> datetime:
        try:
            stat = self._path.stat()
            if (stat.st_mtime_ns, stat.st_size) != self._stamp:
                self._shift = timedelta(seconds=float(self._path.read_text() or 0))
                self._stamp = (stat.st_mtime_ns, stat.st_size)
        except (FileNotFoundError, ValueError):
            pass  # being rewritten: keep the last good shift
        return datetime.now(UTC) + self._shift


def now() -> datetime:
    """The present moment by the clock of the running application."""
    clock: Clock = current_app.extensions["helpdesk"].clock
    return clock.now()
