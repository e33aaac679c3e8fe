"""Reviews to write, published ones, and what is due."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select

from helpdesk.plugin_api import db
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.rules import Kind, Severity, Status
from plugins.outage_notice.reviews.models import Review, ReviewAction
from plugins.outage_notice.reviews.rules import Readers, review_due_at

WANTED_SINCE = timedelta(days=60)
DUE_SOON = timedelta(days=2)
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """A critical or major outage of the last two months whose review is not published."""

    id: int
    title: str
    severity: int
    due_at: datetime
    is_late: bool
    has_draft: bool


@dataclass(frozen=True, slots=True)
class PublishedRow:
    id: int
    title: str
    severity: int
    published_at: datetime
    readers: Readers
    is_drill: bool


def wanted_reviews(now: datetime) -> list[Wanted]:
    """The oldest first; drills and what was called off ask for none."""
    rows = db.session.execute(
        select(Announcement, Review.announcement_id)
        .outerjoin(Review, Review.announcement_id == Announcement.id)
        .where(
            Announcement.closed_at >= now - WANTED_SINCE,
            Announcement.kind == Kind.incident,
            Announcement.status == Status.resolved,
            Announcement.severity <= Severity.major,
            Announcement.is_drill.is_(False),
            Review.published_at.is_(None),
        )
        .order_by(Announcement.closed_at, Announcement.id)
        .limit(SHOWN)
    )
    found = []
    for record, draft in rows:
        due_at = review_due_at(record.actual_end_at or record.closed_at or now)
        found.append(Wanted(record.id, record.title, record.severity, due_at, due_at < now, draft is not None))
    return found


def published_reviews(after: tuple[datetime, int] | None, limit: int) -> list[PublishedRow]:
    """Newest first, from `after` (published_at, id) on."""
    query = (
        select(Review, Announcement)
        .join(Announcement, Announcement.id == Review.announcement_id)
        .where(Review.published_at.is_not(None))
        .order_by(Review.published_at.desc(), Review.announcement_id.desc())
        .limit(limit)
    )
    if after is not None:
        at, last = after
        query = query.where(
            or_(Review.published_at < at, and_(Review.published_at == at, Review.announcement_id < last))
        )
    return [
        PublishedRow(a.id, a.title, a.severity, r.published_at, r.readers, a.is_drill)
        for r, a in db.session.execute(query)
        if r.published_at is not None
    ]


def count_due(user_id: int, now: datetime) -> int:
    """How many open actions of this person are due within two days, or late."""
    query = select(func.count()).where(
        ReviewAction.owner_id == user_id,
        ReviewAction.done_at.is_(None),
        ReviewAction.due_on <= (now + DUE_SOON).date(),
    )
    return db.session.scalar(query) or 0


def published_among(announcement_ids: Iterable[int]) -> list[int]:
    """Those of these announcements whose review is published."""
    query = select(Review.announcement_id).where(Review.announcement_id.in_(list(announcement_ids)))
    return list(db.session.scalars(query.where(Review.published_at.is_not(None))))
