"""The reach of an announcement as its review tells it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from helpdesk.plugin_api import User, db
from plugins.outage_notice.announcements.queries.figures import DepartmentFigures, ReachFigures
from plugins.outage_notice.announcements.queries.records import targets_by_id
from plugins.outage_notice.audiences.queries import audience_condition
from plugins.outage_notice.banners.models import Receipt
from plugins.outage_notice.banners.queries.reach import DepartmentReach, reach_of

DEPARTMENTS_AT_MOST = 100  # the largest: what ended is kept with them


def reach_figures(announcement_id: int, in_time_until: datetime) -> ReachFigures:
    """How far it reached, and how many saw it in time. As `reach_of`, one query more."""
    found = reach_of(announcement_id)
    in_time = db.session.scalar(
        select(func.count())
        .select_from(Receipt)
        .join(User, User.id == Receipt.user_id)
        .where(Receipt.announcement_id == announcement_id, Receipt.seen_at <= in_time_until)
        .where(audience_condition(targets_by_id([announcement_id])[announcement_id]))
    )
    total = found.total
    return ReachFigures(
        total.targeted,
        total.delivered,
        total.seen,
        total.read,
        total.affected,
        in_time or 0,
        len(found.departments),
        tuple(_department(d) for d in found.departments[:DEPARTMENTS_AT_MOST]),
    )


def _department(found: DepartmentReach) -> DepartmentFigures:
    if found.counts is None:
        return DepartmentFigures(found.name, None, None, None, None)
    counts = found.counts
    return DepartmentFigures(found.name, counts.targeted, counts.delivered, counts.seen, counts.read)
