"""How an announcement reached people over time: from one counter a minute, whatever the number of people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from sqlalchemy import func, select

from helpdesk.plugin_api import Viewer, db
from plugins.outage_notice.announcements.queries import get_announcement
from plugins.outage_notice.banners.models import ReachMinute

POINTS = 60


@dataclass(frozen=True, slots=True)
class Point:
    """How many people had it delivered, seen and read until the end of the minute `at`."""

    at: datetime
    delivered: int
    seen: int
    read: int


def reach_curve(actor: Viewer, announcement_id: int, points: int = POINTS) -> list[Point]:
    """The growing numbers, oldest first: at most `points`, always with the first and the last.

    Everybody who ever had it counts, also those who have left its audience. Raises NotFound and Forbidden as
    `get_announcement` does. One statement; it reads a row for each minute in which anything happened.
    """
    get_announcement(actor, announcement_id)
    query = select(ReachMinute.minute, ReachMinute.delivered, ReachMinute.seen, ReachMinute.read)
    rows = db.session.execute(
        query.where(ReachMinute.announcement_id == announcement_id).order_by(ReachMinute.minute)
    ).all()
    sums = accumulate(((r[1], r[2], r[3]) for r in rows), lambda a, b: (a[0] + b[0], a[1] + b[1], a[2] + b[2]))
    return _thinned([Point(row[0], *found) for row, found in zip(rows, sums, strict=True)], points)


def _thinned(curve: Sequence[Point], points: int) -> list[Point]:
    """Evenly chosen ones, the last among them."""
    if len(curve) <= points:
        return list(curve)
    step = (len(curve) - 1) / (points - 1)
    return [curve[round(index * step)] for index in range(points)]


def ending_facts(announcement_id: int) -> dict[str, int]:
    """How many people have seen it, whom its end turns green for."""
    query = select(func.coalesce(func.sum(ReachMinute.seen), 0)).where(ReachMinute.announcement_id == announcement_id)
    return {"seen": int(db.session.scalar(query) or 0)}
