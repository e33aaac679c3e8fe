"""The board of each person, from what this process keeps in memory, as of one feed number.

What is kept: the announcements that are not over, the people asked for, and their receipts. It is brought up to date
by the feed alone: no query per person, none per page but the one for the feed head. What the clock changes by itself
(a window that opens, an end) is computed at every reading.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import select

from helpdesk.plugin_api import (
    Board,
    FeedChange,
    FeedHead,
    Retirement,
    User,
    Viewer,
    db,
    feed_changes_since,
    feed_head,
    viewers,
)
from plugins.outage_notice.announcements.queries import LiveAnnouncement, ending_of, live_announcements
from plugins.outage_notice.announcements.rules import Phase, next_change_at, phase, window
from plugins.outage_notice.audiences.queries import services_used_by_path
from plugins.outage_notice.audiences.rules import TargetKind, ViewerFacts, ids_of, matches
from plugins.outage_notice.banners.queries.payload import BannerTexts, banner_payload
from plugins.outage_notice.banners.queries.receipts import CHUNK, ReceiptsByUser, receipts_of
from plugins.outage_notice.banners.rules import NOTHING, ReceiptFacts, order_key

EXTENSION = "outage_notice_boards"
PAYLOADS_KEPT = 20_000
PEOPLE_KEPT = 200_000


@dataclass(frozen=True, slots=True)
class Person:
    """Who a board is for, and the feed number since which they may see what they may see."""

    facts: ViewerFacts
    locale: str
    authz_version: int


@dataclass(frozen=True, slots=True)
class Shown:
    """An announcement that is shown to its audience at one moment, since when, and in which phase."""

    record: LiveAnnouncement
    phase: Phase
    since: datetime | None


@dataclass(slots=True)
class Kept:
    """What this process knows as of `head`."""

    head: FeedHead
    announcements: tuple[LiveAnnouncement, ...]
    receipts: ReceiptsByUser
    people: dict[int, Person | None]
    services: dict[tuple[int, ...], frozenset[int]]
    texts: dict[tuple[int, str], BannerTexts]
    payloads: dict[Any, tuple[Mapping[str, Any], str]]  # each with the digest of all that it says


class BoardKeeper:
    """One per process. All reading of rows happens in an application context of its own, so that a page with an
    older read transaction never fills the memory with what it saw.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._kept: Kept | None = None

    def boards(self, user_ids: Iterable[int], now: datetime) -> dict[int, Board]:
        """The board of each person; disabled and unknown people get an empty one."""
        ids = list(dict.fromkeys(user_ids))
        with self._lock, current_app.app_context():
            kept = self._up_to_date()
            self._read_people(kept, ids)
            shown = [
                Shown(a, phase(a, now), w.shown_from) for a in kept.announcements if (w := window(a, now)).is_shown
            ]
            shown.sort(key=lambda s: order_key(s.record.severity, s.record.kind, s.record.updated_for_readers_at))
            return self._boards(kept, ids, shown, now)

    def next_change(self, now: datetime) -> datetime | None:
        """The next moment at which a board changes by itself."""
        with self._lock, current_app.app_context():
            kept = self._up_to_date()
            return min((t for a in kept.announcements if (t := next_change_at(a, now)) is not None), default=None)

    def retirements(self, user_id: int, banner_ids: Sequence[int], now: datetime) -> list[Retirement]:
        """Why these left this person's board. An announcement that is still shown to others is "not for you"."""
        with self._lock, current_app.app_context():
            kept = self._up_to_date()
            shown = {a.id for a in kept.announcements if window(a, now).is_shown}
            reasons = {i: "not_for_you" for i in banner_ids if i in shown}
            others = [i for i in banner_ids if i not in shown]
            reasons |= ending_of(others, now)
            return [Retirement(i, kept.head.seq, reasons.get(i, "not_for_you")) for i in banner_ids]

    def _boards(self, kept: Kept, ids: Sequence[int], shown: Sequence[Shown], now: datetime) -> dict[int, Board]:
        """People in the same situation share one board, computed once: a publication may concern thousands."""
        named = {i for s in shown for i in ids_of(s.record.targets, TargetKind.requester)}
        oldest = min((s.record.feed_seq for s in shown), default=0)  # a version below it changes no banner
        shared: dict[tuple[str, tuple[int, ...], str, int], Board] = {}
        found: dict[int, Board] = {}
        for user_id in ids:
            person = kept.people.get(user_id)
            if person is None or user_id in named or kept.receipts.get(user_id):
                found[user_id] = self._board(kept, user_id, shown, now)
                continue
            facts = person.facts
            situation = (facts.role, facts.department_path, person.locale, max(person.authz_version, oldest))
            board = shared.get(situation)
            if board is None:
                board = shared[situation] = self._board(kept, user_id, shown, now)
            found[user_id] = board
        return found

    def _board(self, kept: Kept, user_id: int, shown: Sequence[Shown], now: datetime) -> Board:
        person = kept.people.get(user_id)
        if person is None:
            return Board(_tag(kept.head.epoch, ()), ())
        receipts = kept.receipts.get(user_id, {})
        drawn = [
            self._payload(kept, s, person, receipts.get(s.record.id, NOTHING), now)
            for s in shown
            if matches(s.record.targets, person.facts)
        ]
        return Board(_tag(kept.head.epoch, [digest for _banner, digest in drawn]), tuple(b for b, _digest in drawn))

    def _payload(
        self, kept: Kept, shown: Shown, person: Person, receipt: ReceiptFacts, now: datetime
    ) -> tuple[Mapping[str, Any], str]:
        """The banner, and a digest of all that it says.

        People in the same situation share one object, which is encoded once when it is pushed.
        """
        record = shown.record
        version = max(record.feed_seq, receipt.feed_seq, person.authz_version)
        snoozed = receipt.snoozed_until is not None and receipt.snoozed_until > now
        key = (record.id, person.locale, version, receipt, snoozed, shown.phase, shown.since)
        payload = kept.payloads.get(key)
        if payload is None:
            if len(kept.payloads) >= PAYLOADS_KEPT:
                kept.payloads.clear()
            texts = kept.texts.get((record.id, person.locale))
            if texts is None:
                texts = kept.texts[record.id, person.locale] = BannerTexts.of(record, person.locale)
            banner = banner_payload(record, texts, receipt, version, now)
            payload = kept.payloads[key] = banner, _digest(json.dumps(banner))
        return payload

    # ---- keeping up with the feed: the position is read first, then the data ----

    def _up_to_date(self) -> Kept:
        head = feed_head()
        kept = self._kept
        if kept is not None and kept.head.epoch == head.epoch and kept.head.seq >= head.seq:
            return kept
        changes = feed_changes_since(kept.head.seq) if kept is not None and kept.head.epoch == head.epoch else None
        if kept is None or changes is None:
            announcements = live_announcements()
            receipts = receipts_of([a.id for a in announcements])
            self._kept = Kept(head, announcements, receipts, {}, {}, {}, {})
        else:
            self._apply(kept, head, changes)
        assert self._kept is not None
        return self._kept

    def _apply(self, kept: Kept, head: FeedHead, changes: Sequence[FeedChange]) -> None:
        topics = {c.topic for c in changes}
        people = {int(c.ref) for c in changes if c.topic == "user" and c.ref}
        readers = {int(c.ref) for c in changes if c.topic == "receipt" and c.ref}
        announcements = kept.announcements
        if topics & {"announcement", "catalog"}:
            announcements = live_announcements()
            kept.texts, kept.payloads = {}, {}
        ids = [a.id for a in announcements]
        new = [i for i in ids if i not in {a.id for a in kept.announcements}]
        if new:
            for user_id, rows in receipts_of(new).items():
                kept.receipts.setdefault(user_id, {}).update(rows)
        if readers:
            fresh = receipts_of(ids, readers)
            kept.receipts.update({user_id: fresh.get(user_id, {}) for user_id in readers})
        if topics & {"departments", "catalog"} or len(kept.people) > PEOPLE_KEPT:
            kept.people, kept.services = {}, {}
        for user_id in people:
            kept.people.pop(user_id, None)
        self._kept = replace(kept, head=head, announcements=announcements)

    def _read_people(self, kept: Kept, user_ids: Sequence[int]) -> None:
        missing = [i for i in user_ids if i not in kept.people]
        for start in range(0, len(missing), CHUNK):
            chunk = missing[start : start + CHUNK]
            rows = select(User.id, User.authz_version).where(User.id.in_(chunk), User.disabled_at.is_(None))
            versions = {row[0]: row[1] for row in db.session.execute(rows)}
            found = viewers(chunk)
            for user_id in chunk:
                viewer, version = found.get(user_id), versions.get(user_id)
                known = viewer is not None and version is not None
                kept.people[user_id] = self._person(kept, viewer, version) if known else None  # type: ignore[arg-type]

    def _person(self, kept: Kept, viewer: Viewer, authz_version: int) -> Person:
        path = viewer.department_path
        if path not in kept.services:
            kept.services[path] = services_used_by_path(path)
        facts = ViewerFacts(viewer.id, viewer.role, path, kept.services[path])
        return Person(facts, viewer.locale, authz_version)


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


def next_board_change(now: datetime) -> datetime | None:
    """The next moment after `now` at which somebody's board changes by itself, or None."""
    return _keeper().next_change(now)


def retirements(user_id: int, banner_ids: Sequence[int], now: datetime) -> list[Retirement]:
    """Why these banners are no longer on this person's board."""
    return _keeper().retirements(user_id, banner_ids, now)
