"""Writes receipts: what reached a person of an announcement, and what they did with its banner."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.plugin_api import (
    Conflict,
    NotFound,
    User,
    Viewer,
    insert_into,
    is_postgresql,
    record_event,
    record_feed,
    take_accepted_mails,
    transaction,
)
from helpdesk.plugin_api import now as clock_now
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries.figures import was_told_in_ticket
from plugins.outage_notice.announcements.rules import FoundAffected
from plugins.outage_notice.announcements.rules.telling import TOPIC, read_key
from plugins.outage_notice.banners.models import ReachMinute, Receipt
from plugins.outage_notice.banners.queries import boards
from plugins.outage_notice.banners.rules import FOLLOWED, What, snooze_until

MAILS_AT_ONCE = 500  # of one transaction


@dataclass(frozen=True, slots=True)
class Drawn:
    """A banner that reached a person, or was also seen."""

    announcement_id: int
    user_id: int
    what: What


def record_receipt(viewer: Viewer, announcement_id: int, version: int, what: What, minutes: int | None = None) -> None:
    """Write down what `viewer` did with a banner, of which `version` was on screen.

    First times are kept, doing it twice changes nothing. Raises NotFound when it is not on the person's board, and
    Conflict when this banner may not be hidden or put off. The row is its own record: no audit entry.
    """
    now = clock_now()
    banner = _banner_on_board(viewer, announcement_id, now)
    _check(banner, what)
    version = min(version, banner["version"])
    with transaction() as session:
        row = _locked_row(session, announcement_id, viewer.id)
        before = _reached([row])
        if not _apply(row, banner, what, version, minutes, now):
            return
        _count(session, announcement_id, before, _reached([row]), now)
        if what in FOLLOWED:
            row.feed_seq = record_feed("receipt", viewer.id)
        record_feed("reach", announcement_id)
        if what is What.affected:
            record_event(FoundAffected(announcement_id, viewer.id))


def record_drawn(drawn: Sequence[Drawn]) -> set[Drawn]:
    """Write down that banners were drawn and seen, of many people in one transaction. First times are kept.

    Gives those that are refused: neither on the person's board now, nor told of by a ticket of theirs.
    """
    now = clock_now()
    found = boards({one.user_id for one in drawn}, now)
    shown = {(user_id, banner["id"]) for user_id, board in found.items() for banner in board.banners}
    refused = {
        one
        for one in drawn
        if (one.user_id, one.announcement_id) not in shown and not was_told_in_ticket(one.user_id, one.announcement_id)
    }
    with transaction() as session:
        _record(session, [(now, one) for one in drawn if one not in refused])
    return refused


def count_accepted(limit: int = MAILS_AT_ONCE) -> int:
    """Count mails that the mail server has accepted as delivered to their people, in one transaction: who had the
    banner before is counted already. How many mails.
    """
    with transaction() as session:
        accepted = take_accepted_mails(TOPIC, limit)
        told = [(at, *read_key(key)) for key, at in accepted]
        known = set(session.scalars(select(Announcement.id).where(Announcement.id.in_({one[1] for one in told}))))
        people = set(session.scalars(select(User.id).where(User.id.in_({one[2] for one in told}))))
        drawn = [(at, Drawn(i, user_id, What.delivered)) for at, i, user_id in told if i in known and user_id in people]
        _record(session, drawn)
        return len(accepted)


def _record(session: Session, drawn: Sequence[tuple[datetime, Drawn]]) -> None:
    """Write down what was drawn at which time, by announcement and minute, and say so to those who watch."""
    groups: dict[tuple[int, datetime], list[tuple[datetime, Drawn]]] = {}
    for at, one in drawn:
        groups.setdefault((one.announcement_id, at.replace(second=0, microsecond=0)), []).append((at, one))
    reached = []
    for announcement_id, minute in sorted(groups):
        ours = groups[announcement_id, minute]
        rows = _locked_rows(session, announcement_id, {one.user_id for _at, one in ours})
        before = _reached(rows.values())
        changed = [_see(rows[one.user_id], one.what, at) for at, one in ours]
        if any(changed):
            _count(session, announcement_id, before, _reached(rows.values()), minute)
            reached.append(announcement_id)
    if reached:  # last: whoever holds the feed must not wait for the rows of another announcement
        record_feed("reach", *dict.fromkeys(reached))


def _locked_rows(session: Session, announcement_id: int, user_ids: Iterable[int]) -> dict[int, Receipt]:
    """The rows of these people, made where there are none; in one order, so that two processes never wait in a ring."""
    ids = sorted(user_ids)
    wanted = select(Receipt).where(Receipt.announcement_id == announcement_id, Receipt.user_id.in_(ids))
    wanted = wanted.order_by(Receipt.user_id).with_for_update()  # SQLite locks the whole database, and ignores this
    rows = {row.user_id: row for row in session.scalars(wanted)}
    if absent := [user_id for user_id in ids if user_id not in rows]:
        _insert_absent(session, announcement_id, absent)
        rows |= {row.user_id: row for row in session.scalars(wanted)}
    return rows


def _banner_on_board(viewer: Viewer, announcement_id: int, now: datetime) -> dict[str, Any]:
    for banner in boards([viewer.id], now)[viewer.id].banners:
        if banner["id"] == announcement_id:
            return dict(banner)
    raise NotFound(_("This notice is not on your list any more."))


def _check(banner: dict[str, Any], what: What) -> None:
    if what is What.hidden and not banner["may_hide"]:
        raise Conflict(_("This notice stays until it is over. Mark it as read to make it small."))
    if what is What.snoozed and not banner["may_snooze"]:
        raise Conflict(_("This notice cannot be put off."))


def _locked_row(session: Session, announcement_id: int, user_id: int) -> Receipt:
    """The row, made if there is none; two tabs that ask at once get the same one."""
    key = (announcement_id, user_id)
    row = session.get(Receipt, key, with_for_update=is_postgresql())
    if row is None:
        _insert_absent(session, announcement_id, [user_id])
        row = session.get(Receipt, key, with_for_update=is_postgresql())
    assert row is not None
    return row


def _insert_absent(session: Session, announcement_id: int, user_ids: Iterable[int]) -> None:
    zeros = {"read_version": 0, "hidden_version": 0, "snoozed_version": 0, "snooze_count": 0, "feed_seq": 0}
    values = [{"announcement_id": announcement_id, "user_id": user_id, **zeros} for user_id in user_ids]
    session.execute(insert_into(Receipt).on_conflict_do_nothing(), values)


def _reached(rows: Iterable[Receipt]) -> list[int]:
    """How many of these people had it delivered, seen and read, and said to be affected, at any time."""
    moments = [(row.delivered_at, row.seen_at, row.read_at or row.hidden_at, row.affected_at) for row in rows]
    return [sum(moment is not None for moment in column) for column in zip(*moments, strict=True)]


def _count(session: Session, announcement_id: int, before: Sequence[int], after: Sequence[int], at: datetime) -> None:
    """Raise this minute's counters by what happened for the first time."""
    more = [new - old for old, new in zip(before, after, strict=True)]
    if not any(more):
        return
    values = dict(zip(("delivered", "seen", "read", "affected"), more, strict=True))
    key = {"announcement_id": announcement_id, "minute": at.replace(second=0, microsecond=0)}
    statement = insert_into(ReachMinute).values(key | values)
    sums = {name: getattr(ReachMinute, name) + number for name, number in values.items()}
    session.execute(statement.on_conflict_do_update(index_elements=["announcement_id", "minute"], set_=sums))


def _see(row: Receipt, what: What, now: datetime) -> bool:
    """Note that it was drawn, or also seen. False when nothing is new."""
    if row.delivered_at is not None and (what is What.delivered or row.seen_at is not None):
        return False
    row.delivered_at = row.delivered_at or now
    row.seen_at = row.seen_at or (now if what is What.seen else None)
    return True


def _apply(row: Receipt, banner: dict[str, Any], what: What, version: int, minutes: int | None, now: datetime) -> bool:
    """Change the row. False when nothing is new."""
    match what:
        case What.delivered | What.seen:
            return _see(row, what, now)
        case What.affected:
            if row.affected_at is not None:
                return False
            row.affected_at = now
        case What.read:
            if banner["receipt"]["read"] and row.read_version >= version:
                return False
            row.read_at, row.read_version = now, max(version, row.read_version)
            row.delivered_at, row.seen_at = row.delivered_at or now, row.seen_at or now
        case What.hidden:
            if banner["receipt"]["hidden"] and row.hidden_version >= version:
                return False
            row.hidden_at, row.hidden_version = now, max(version, row.hidden_version)
            row.delivered_at, row.seen_at = row.delivered_at or now, row.seen_at or now
        case What.snoozed:
            _snooze(row, banner, version, minutes, now)
    return True


def _snooze(row: Receipt, banner: dict[str, Any], version: int, minutes: int | None, now: datetime) -> None:
    upcoming = banner["kind"] == "maintenance" and banner["phase"] == "upcoming" and banner["started_at"]
    remind_at = datetime.fromisoformat(banner["started_at"]) if upcoming else None
    row.snoozed_until = snooze_until(now, minutes, must_confirm=banner["must_confirm"], remind_at=remind_at)
    row.snoozed_at, row.snoozed_version = now, max(version, row.snoozed_version)
    row.snooze_count += 1
