"""Receipts as facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, select

from helpdesk.plugin_api import db
from plugins.outage_notice.banners.models import Receipt
from plugins.outage_notice.banners.rules import ReceiptFacts

CHUNK = 5000  # bound parameters of one statement

# Made once: what is left out only counts, and changes nobody's board.
FOLLOWED = (
    select(Receipt)
    .where(Receipt.announcement_id.in_(bindparam("ids", expanding=True)), Receipt.feed_seq > 0)
    .execution_options(is_short=True)
)
FOLLOWED_OF = FOLLOWED.where(Receipt.user_id.in_(bindparam("people", expanding=True)))

ReceiptsByUser = dict[int, dict[int, ReceiptFacts]]  # person → announcement → facts


def receipts_of(announcement_ids: Sequence[int], user_ids: Iterable[int] | None = None) -> ReceiptsByUser:
    """What these people (all, without `user_ids`) did with these announcements. Rows that only count are left out."""
    found: ReceiptsByUser = {}
    if not announcement_ids:
        return found
    if user_ids is None:
        rows = list(db.session.scalars(FOLLOWED, {"ids": announcement_ids}))
    else:
        people = sorted(set(user_ids))
        rows = [
            row
            for start in range(0, len(people), CHUNK)
            for row in db.session.scalars(
                FOLLOWED_OF, {"ids": announcement_ids, "people": people[start : start + CHUNK]}
            )
        ]
    for row in rows:
        found.setdefault(row.user_id, {})[row.announcement_id] = facts_of(row)
    return found


def facts_of(row: Receipt) -> ReceiptFacts:
    acts = [t for t in (row.read_at, row.hidden_at, row.snoozed_at) if t is not None]
    return ReceiptFacts(
        read_version=row.read_version,
        hidden_version=row.hidden_version,
        snoozed_version=row.snoozed_version,
        snoozed_until=row.snoozed_until,
        snooze_count=row.snooze_count,
        is_affected=row.affected_at is not None,
        was_seen=row.seen_at is not None,
        acted_at=max(acts, default=None),
        feed_seq=row.feed_seq,
    )


def had_on_screen(user_id: int, announcement_ids: Sequence[int]) -> list[int]:
    """Which of these were drawn for this person, or mailed to them, at some time."""
    drawn = (
        Receipt.user_id == user_id,
        Receipt.announcement_id.in_(announcement_ids),
        Receipt.delivered_at.is_not(None),
    )
    return list(db.session.scalars(select(Receipt.announcement_id).where(*drawn)))
