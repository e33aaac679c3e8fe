"""Whose turn it is to ask for SQLite's write lock, which knows no queue: among many writers one could wait for ever.

Within a process the first who came is the first. Among processes a locked file decides: who holds it is the only one
that asks, so nobody who has just written can be faster. Programs that do not take turns are waited for as before.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

try:
    import fcntl
except ImportError:  # such as on Windows: turns within each process only
    fcntl = None  # type: ignore[assignment]

AGAIN_SECONDS = (0.0005, 0.003)


class Turns:
    """The turns of the writers of one database file; None or "" for one in memory."""

    def __init__(self, database: str | None) -> None:
        self._path = f"{database}-turn" if database and database != ":memory:" else None
        self._lock = threading.Lock()
        self._queue: deque[threading.Event] = deque()
        self._file: int | None = None

    @contextmanager
    def wait(self, seconds: float) -> Iterator[bool]:
        """Wait for a turn, at most so long. Whether it is ours; it ends with the block."""
        end = time.monotonic() + seconds
        mine = threading.Event()
        with self._lock:
            self._queue.append(mine)
            is_first = self._queue[0] is mine
        try:
            if not is_first and not mine.wait(seconds):
                yield False
                return
            file = self._open()
            if file is None:
                yield True
                return
            is_ours = _lock(file, end)
            try:
                yield is_ours
            finally:
                if is_ours:
                    fcntl.flock(file, fcntl.LOCK_UN)
        finally:
            self._leave(mine)

    def _leave(self, mine: threading.Event) -> None:
        with self._lock:
            was_first = self._queue[0] is mine
            self._queue.remove(mine)
            if was_first and self._queue:
                self._queue[0].set()

    def _open(self) -> int | None:
        """The file beside the database, None where there can be none: then the database's own lock must do."""
        if self._file is None and self._path is not None and fcntl is not None:
            try:
                self._file = os.open(self._path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
            except OSError:
                return None
        return self._file


def _lock(file: int, end: float) -> bool:
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > end:
                return False
        time.sleep(random.uniform(*AGAIN_SECONDS))
