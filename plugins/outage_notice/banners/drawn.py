"""Receipts that only count, written together: after one publish they come from every screen within a second."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto

from flask import current_app
from flask_babel import gettext as _

from helpdesk.plugin_api import NotFound, Viewer, db
from plugins.outage_notice.banners.actions import Drawn, record_drawn, record_receipt
from plugins.outage_notice.banners.rules import DRAWN, What

EXTENSION = "outage_notice_drawn"
MOST = 500  # receipts of one transaction
PATIENCE_SECONDS = 10.0  # then a receipt is written alone


class Outcome(Enum):
    written = auto()
    refused = auto()  # not on the person's board
    failed = auto()  # with its batch


@dataclass(eq=False, slots=True)
class Waiting:
    """A receipt that somebody waits for."""

    drawn: Drawn
    done: threading.Event = field(default_factory=threading.Event)
    outcome: Outcome = Outcome.failed


class Collector:
    """Whoever finds nobody writing writes for all who come meanwhile; the others wait. Alone, nobody waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[Waiting] = deque()
        self._is_writing = False

    def write(self, drawn: Drawn) -> Outcome:
        """What became of it, once that is in the database."""
        mine = Waiting(drawn)
        # Who waits holds no connection to the database: thousands wait, and pages need some as well.
        db.session.rollback()
        with self._lock:
            self._waiting.append(mine)
            leads, self._is_writing = not self._is_writing, True
        if leads:
            self._lead()
        mine.done.wait(PATIENCE_SECONDS)
        return mine.outcome

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
                refused = record_drawn([one.drawn for one in batch])
                for one in batch:
                    one.outcome = Outcome.refused if one.drawn in refused else Outcome.written
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
    """As `record_receipt`, which see; `delivered` and `seen` share a transaction with those that come with them."""
    if what not in DRAWN:
        return record_receipt(viewer, announcement_id, version, what, minutes)
    collector: Collector = current_app.extensions.setdefault(EXTENSION, Collector())
    outcome = collector.write(Drawn(announcement_id, viewer.id, what))
    if outcome is Outcome.refused:
        raise NotFound(_("This notice is not on your list any more."))
    if outcome is Outcome.failed:
        record_receipt(viewer, announcement_id, version, what)
    return None
