"""Receipts written together: after one publish they come from every screen within a second."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
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
    """A receipt that somebody waits for. After `done` it is written or refused, or leads; else its batch failed."""

    taken: Taken
    done: threading.Event = field(default_factory=threading.Event)
    leads: bool = False  # it writes for all
    is_written: bool = False
    refusal: HelpdeskError | None = None


class Collector:
    """Whoever finds nobody writing writes its own and for all who come meanwhile; the others wait, and one of them goes
    on. Alone, nobody waits.
    """

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
            mine.leads, self._is_writing = not self._is_writing, True
        try:
            if not mine.leads:
                self._wait(mine)
            if mine.leads:
                self._lead()
        except BaseException:  # such as the end of the leader's connection: nobody may wait for it
            if mine.leads:
                self._let_go()
            raise
        if mine.refusal is not None:
            raise mine.refusal
        return mine.is_written

    def _wait(self, mine: Waiting) -> None:
        mine.done.wait(PATIENCE_SECONDS)
        with self._lock:  # who gives up can no longer be made to lead
            if mine in self._waiting and not mine.leads:
                self._waiting.remove(mine)

    def _lead(self) -> None:
        # The first batch holds its own receipt: whoever leads stands at the head.
        while batch := self._next_batch():
            self._write_batch(batch)
            if self._hand_over():
                return

    def _let_go(self) -> None:
        with self._lock:
            left, self._waiting, self._is_writing = self._waiting, deque(), False
        for one in left:
            one.done.set()

    def _hand_over(self) -> bool:
        """Let the next of those who wait write for all: while they keep coming, nobody does so for long."""
        with self._lock:
            if not self._waiting:
                return False
            heir = self._waiting[0]
            heir.leads = True
        heir.done.set()
        return True

    def _write_batch(self, batch: Sequence[Waiting]) -> None:
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
