"""Receipts written together: after one publish they come from every screen within a second."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field

from flask import current_app

from helpdesk.plugin_api import HelpdeskError, Viewer, db
from plugins.outage_notice.banners.actions import Taken, record_receipt, record_receipts
from plugins.outage_notice.banners.rules import What

EXTENSION = "outage_notice_receipts"
MOST = 500  # receipts of one transaction
PATIENCE_SECONDS = 10.0  # then a receipt is written alone


@dataclass(eq=False, slots=True)
class Waiting:
    """A receipt that somebody waits for. Neither written nor refused after `done`: its batch failed."""

    taken: Taken
    done: threading.Event = field(default_factory=threading.Event)
    is_written: bool = False
    refusal: HelpdeskError | None = None


class Collector:
    """Whoever finds nobody writing writes for all who come meanwhile; the others wait. Alone, nobody waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[Waiting] = deque()
        self._is_writing = False

    def write(self, taken: Taken) -> bool:
        """True when the receipt is in the database, False when its batch failed. Raises what it is refused for."""
        mine = Waiting(taken)
        # Who waits holds no connection to the database: thousands wait, and pages need some as well.
        db.session.rollback()
        with self._lock:
            self._waiting.append(mine)
            leads, self._is_writing = not self._is_writing, True
        if leads:
            self._lead()
        mine.done.wait(PATIENCE_SECONDS)
        if mine.refusal is not None:
            raise mine.refusal
        return mine.is_written

    def _lead(self) -> None:
        try:
            self._write_all()
        except BaseException:  # such as the end of the leader's connection: nobody may wait for it
            with self._lock:
                left, self._waiting, self._is_writing = self._waiting, deque(), False
            for one in left:
                one.done.set()
            raise

    def _write_all(self) -> None:
        while batch := self._next_batch():
            try:
                refused = record_receipts([one.taken for one in batch])
                for one in batch:
                    one.refusal = refused.get(one.taken)
                    one.is_written = one.refusal is None
            except Exception:  # each of them is tried alone, and says itself what is wrong
                current_app.logger.warning("receipts could not be written together", exc_info=True)
            finally:
                for one in batch:
                    one.done.set()

    def _next_batch(self) -> list[Waiting]:
        time.sleep(0)  # those whose messages have arrived already join
        with self._lock:
            batch = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
            self._is_writing = bool(batch)
        return batch


def take_receipt(viewer: Viewer, announcement_id: int, version: int, what: What, minutes: int | None = None) -> None:
    """As `record_receipt`, which see, in one transaction with those that come at the same time."""
    collector: Collector = current_app.extensions.setdefault(EXTENSION, Collector())
    if not collector.write(Taken(announcement_id, viewer.id, what, version, minutes)):
        record_receipt(viewer, announcement_id, version, what, minutes)
