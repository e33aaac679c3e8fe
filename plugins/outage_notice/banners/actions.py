"""Writes receipts: what reached a person of an announcement, and what they did with its banner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.plugin_api import (
    Conflict,
    HelpdeskError,
    NotFound,
    User,
    Viewer,
    insert_into,
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
from plugins.outage_notice.banners.rules import DRAWN, FOLLOWED, What, snooze_until

MAILS_AT_ONCE = 500  # of one transaction


@dataclass(frozen=True, slots=True)
class Taken:
    """What a person did with a banner, of which `version` was on screen; put off for `minutes`."""

    announcement_id: int
    user_id: int
    what: What
    version: int = 0
    minutes: int | None = None


Act = tuple[datetime, Taken, Mapping[str, Any] | None]  # when, what, and the banner where there is one


def record_receipt(viewer: Viewer, announcement_id: int, version: int, what: What, minutes: int | None = None) -> None:
    """Write down what `viewer` did with a banner.

    First times are kept, doing it twice changes nothing. Raises NotFound when it is not on the person's board, and
    Conflict when this banner may not be hidden or put off. The row is its own record: no audit entry.
    """
    one = Taken(announcement_id, viewer.id, what, version, minutes)
    if refusal := record_receipts([one]).get(one):
        raise refusal


def record_receipts(taken: Sequence[Taken]) -> dict[Taken, HelpdeskError]:
    """The same for many people in one transaction. Gives what is refused, and why; all others are written."""
    now = clock_now()
    found = boards({one.user_id for one in taken}, now)
    shown = {(user_id, banner["id"]): banner for user_id, board in found.items() for banner in board.banners}
    acts: list[Act] = [(now, one, shown.get((one.user_id, one.announcement_id))) for one in taken]
    refused = {one: refusal for _at, one, banner in acts if (refusal := _refusal(one, banner)) is not None}
    with transaction() as session:
        _record(session, [act for act in acts if act[1] not in refused])
    return refused


def _refusal(one: Taken, banner: Mapping[str, Any] | None) -> HelpdeskError | None:
    # In nobody's language yet: somebody else may be writing for the person.
    if banner is None:
        is_told = one.what in DRAWN and was_told_in_ticket(one.user_id, one.announcement_id)
        return None if is_told else NotFound(_l("This notice is not on your list any more."))
    if one.what is What.hidden and not banner["may_hide"]:
        return Conflict(_l("This notice stays until it is over. Mark it as read to make it small."))
    if one.what is What.snoozed and not banner["may_snooze"]:
        return Conflict(_l("This notice cannot be put off."))
    return None


def count_accepted(limit: int = MAILS_AT_ONCE) -> int:
    """Count mails that the mail server has accepted as delivered to their people, in one transaction: who had the
    banner before is counted already. How many mails.
    """
    with transaction() as session:
        accepted = take_accepted_mails(TOPIC, limit)
        told = [(at, *read_key(key)) for key, at in accepted]
        known = set(session.scalars(select(Announcement.id).where(Announcement.id.in_({one[1] for one in told}))))
        people = set(session.scalars(select(User.id).where(User.id.in_({one[2] for one in told}))))
        _record(
            session,
            [
                (at, Taken(announcement_id, user_id, What.delivered), None)
                for at, announcement_id, user_id in told
                if announcement_id in known and user_id in people
            ],
        )
        return len(accepted)


def _record(session: Session, acts: Sequence[Act]) -> None:
    """Write down what people did at which time, by announcement and minute, and say so to those who watch."""
    people: dict[int, set[int]] = {}
    groups: dict[tuple[int, datetime], list[Act]] = {}
    for act in acts:
        people.setdefault(act[1].announcement_id, set()).add(act[1].user_id)
        groups.setdefault((act[1].announcement_id, act[0].replace(second=0, microsecond=0)), []).append(act)
    # The rows of all people before any counter: whoever holds a counter waits for nobody's row.
    rows = {id: _locked_rows(session, id, people[id]) for id in sorted(people)}
    followed: list[Receipt] = []
    reached: list[int] = []
    for announcement_id, minute in sorted(groups):
        changed = _apply_all(session, groups[announcement_id, minute], rows[announcement_id], minute)
        reached += [announcement_id] if changed else []
        followed += [rows[announcement_id][one.user_id] for one in changed if one.what in FOLLOWED]
    _tell(followed, reached)


def _apply_all(session: Session, acts: Sequence[Act], rows: Mapping[int, Receipt], minute: datetime) -> list[Taken]:
    """Write down what was done with one announcement within one minute. What of it was new."""
    before = _reached(rows.values())
    changed = [one for at, one, banner in acts if _apply(rows[one.user_id], one, banner, at)]
    if changed:
        _count(session, acts[0][1].announcement_id, before, _reached(rows.values()), minute)
    for one in changed:
        if one.what is What.affected:
            record_event(FoundAffected(one.announcement_id, one.user_id))
    return changed


def _tell(followed: Sequence[Receipt], reached: Sequence[int]) -> None:
    """Last: whoever holds the feed must not wait for the rows of another announcement."""
    if followed:
        seq = record_feed("receipt", *dict.fromkeys(row.user_id for row in followed))
        for row in followed:
            row.feed_seq = seq
    if reached:
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


def _apply(row: Receipt, one: Taken, banner: Mapping[str, Any] | None, now: datetime) -> bool:
    """Change the row. False when nothing is new."""
    if banner is None or one.what in DRAWN:
        return _see(row, one.what, now)
    version = min(one.version, banner["version"])
    match one.what:
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
            _snooze(row, banner, version, one.minutes, now)
    return True


def _snooze(row: Receipt, banner: Mapping[str, Any], version: int, minutes: int | None, now: datetime) -> None:
    upcoming = banner["kind"] == "maintenance" and banner["phase"] == "upcoming" and banner["started_at"]
    remind_at = datetime.fromisoformat(banner["started_at"]) if upcoming else None
    row.snoozed_until = snooze_until(now, minutes, must_confirm=banner["must_confirm"], remind_at=remind_at)
    row.snoozed_at, row.snoozed_version = now, max(version, row.snoozed_version)
    row.snooze_count += 1
