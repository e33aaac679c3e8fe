"""The board of each person, from what this process keeps in memory, as of one feed number.

No query per person, none per page but the one for the feed head. What the clock changes by itself (a window that
opens, an end) is computed at every reading.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app

from helpdesk.plugin_api import Board, Retirement
from plugins.outage_notice.announcements.queries import LiveAnnouncement, ending_of
from plugins.outage_notice.announcements.rules import Phase, next_change_at, phase, window
from plugins.outage_notice.audiences.rules import TargetKind, ids_of, matches
from plugins.outage_notice.banners.queries.keeping import Circle, Kept, Person, bring_up_to_date
from plugins.outage_notice.banners.queries.payload import BannerTexts, banner_payload
from plugins.outage_notice.banners.rules import NOTHING, ReceiptFacts, order_key

EXTENSION = "outage_notice_boards"
PAYLOADS_KEPT = 20_000  # of one announcement


@dataclass(frozen=True, slots=True)
class Shown:
    """An announcement that is shown to its audience at one moment, since when, and in which phase."""

    record: LiveAnnouncement
    phase: Phase
    since: datetime | None


class BoardKeeper:
    """One per process. All reading of rows happens in an application context of its own, so that a page with an
    older read transaction never fills the memory with what it saw.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._kept: Kept | None = None

    @contextmanager
    def _up_to_date(self) -> Iterator[Kept]:
        with self._lock, current_app.app_context():
            self._kept = bring_up_to_date(self._kept)
            yield self._kept

    def boards(self, user_ids: Iterable[int], now: datetime) -> dict[int, Board]:
        """The board of each person; disabled and unknown people get an empty one."""
        ids = list(dict.fromkeys(user_ids))
        with self._up_to_date() as kept:
            kept.read_people(ids)
            shown = [
                Shown(a, phase(a, now), w.shown_from)
                for a in kept.announcements.values()
                if (w := window(a, now)).is_shown
            ]
            shown.sort(key=lambda s: (order_key(s.record.severity, s.record.kind, s.record.updated_for_readers_at),
                                      s.record.id))  # fmt: skip
            return _boards(kept, ids, shown, now)

    def concerned(self, since: int) -> set[int] | None:
        """Whose board may differ by what changed after the feed number `since`; None for anybody's."""
        with self._up_to_date() as kept:
            return kept.concerned_since(since)

    def next_change(self, now: datetime) -> datetime | None:
        """The next moment at which a board changes by itself."""
        with self._up_to_date() as kept:
            moments = (next_change_at(a, now) for a in kept.announcements.values())
            return min((moment for moment in moments if moment is not None), default=None)

    def retirements(self, user_id: int, banner_ids: Sequence[int], now: datetime) -> list[Retirement]:
        """Why these left this person's board. An announcement that is still shown to others is "not for you"."""
        with self._up_to_date() as kept:
            shown = {a.id for a in kept.announcements.values() if window(a, now).is_shown}
            reasons = {i: "not_for_you" for i in banner_ids if i in shown}
            others = [i for i in banner_ids if i not in shown]
            reasons |= ending_of(others, now)
            return [Retirement(i, kept.head.seq, reasons.get(i, "not_for_you")) for i in banner_ids]


def _boards(kept: Kept, ids: Sequence[int], shown: Sequence[Shown], now: datetime) -> dict[int, Board]:
    """People in the same situation share one board, computed once: a publication may concern thousands."""
    named = {i for s in shown for i in ids_of(s.record.targets, TargetKind.requester)}
    oldest = min((s.record.feed_seq for s in shown), default=0)  # a version below it changes no banner
    people, alone = kept.people, kept.receipts.keys() | named
    shared: dict[Circle | tuple[Circle, int], Board] = {}
    found: dict[int, Board] = {}
    for user_id in ids:
        person = people[user_id]
        if person is None:
            found[user_id] = Board(_tag(kept.head.epoch, ()), ())
        elif user_id in alone:
            found[user_id] = _board(kept, user_id, person, shown, now)
        else:
            circle, version = person
            situation: Circle | tuple[Circle, int] = (circle, version) if version > oldest else circle
            board = shared.get(situation)
            if board is None:
                board = shared[situation] = _board(kept, user_id, person, shown, now)
            found[user_id] = board
    return found


def _board(kept: Kept, user_id: int, person: Person, shown: Sequence[Shown], now: datetime) -> Board:
    receipts, facts = kept.receipts.get(user_id, {}), person.circle.facts(user_id)
    drawn = [
        _payload(kept, s, person, receipts.get(s.record.id, NOTHING), now)
        for s in shown
        if matches(s.record.targets, facts)
    ]
    return Board(_tag(kept.head.epoch, [digest for _banner, digest in drawn]), tuple(b for b, _digest in drawn))


def _payload(
    kept: Kept, shown: Shown, person: Person, receipt: ReceiptFacts, now: datetime
) -> tuple[Mapping[str, Any], str]:
    """The banner, and a digest of all that it says.

    People in the same situation share one object, which is encoded once when it is pushed.
    """
    record, locale = shown.record, person.circle.locale
    version = max(record.feed_seq, receipt.feed_seq, person.authz_version)
    snoozed = receipt.snoozed_until is not None and receipt.snoozed_until > now
    key = (locale, version, receipt, snoozed, shown.phase, shown.since)
    payloads = kept.payloads.setdefault(record.id, {})
    payload = payloads.get(key)
    if payload is None:
        if len(payloads) >= PAYLOADS_KEPT:
            payloads.clear()
        texts = kept.texts.get((record.id, locale))
        if texts is None:
            texts = kept.texts[record.id, locale] = BannerTexts.of(record, locale)
        banner = banner_payload(record, texts, receipt, version, now)
        payload = payloads[key] = banner, _digest(json.dumps(banner))
    return payload


def _tag(epoch: str, digests: Iterable[str]) -> str:
    """Equal for equal boards only: two people who see the same versions may have done different things with them."""
    return _digest(";".join([epoch, *digests]))


def _digest(text: str) -> str:
    return hashlib.blake2s(text.encode(), digest_size=12).hexdigest()


def _keeper() -> BoardKeeper:
    keeper: BoardKeeper = current_app.extensions.setdefault(EXTENSION, BoardKeeper())
    return keeper


def boards(user_ids: Iterable[int], now: datetime) -> dict[int, Board]:
    """The board of each of these people at `now`."""
    return _keeper().boards(user_ids, now)


def concerned_people(since: int) -> set[int] | None:
    """Whose board may differ by what changed after this feed number, besides what people did; None: anybody's."""
    return _keeper().concerned(since)


def next_board_change(now: datetime) -> datetime | None:
    """The next moment after `now` at which somebody's board changes by itself, or None."""
    return _keeper().next_change(now)


def retirements(user_id: int, banner_ids: Sequence[int], now: datetime) -> list[Retirement]:
    """Why these banners are no longer on this person's board."""
    return _keeper().retirements(user_id, banner_ids, now)
