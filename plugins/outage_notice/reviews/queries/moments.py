"""When outages began, were noticed, told, understood and over, for one or many at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from helpdesk.plugin_api import db
from plugins.outage_notice.announcements.models import Announcement, TimelineEntry
from plugins.outage_notice.announcements.rules import LIVE_STATUSES, Status
from plugins.outage_notice.reviews.models import Review
from plugins.outage_notice.reviews.rules import Moments

DETECTIONS = ("surge_noticed", "alert_fired")
FOUND = (Status.identified, Status.monitoring, Status.verifying)
CHUNK = 500  # bound parameters of one statement


def moments_of(records: Sequence[Announcement]) -> dict[int, Moments]:
    """The moments of each announcement. What a review corrects counts before what the timeline says.

    Noticed: the first sign in the timeline, or when somebody began to write. Told: when people could first see it.
    Found: the first update that says so.
    """
    found: dict[int, Moments] = {}
    for at in range(0, len(records), CHUNK):
        part = records[at : at + CHUNK]
        ids = [record.id for record in part]
        signs, causes = _entries(ids)
        corrected = {
            r.announcement_id: r for r in db.session.scalars(select(Review).where(Review.announcement_id.in_(ids)))
        }
        for record in part:
            found[record.id] = _moments(record, corrected.get(record.id), signs.get(record.id), causes.get(record.id))
    return found


def _entries(ids: list[int]) -> tuple[dict[int, datetime], dict[int, datetime]]:
    """The first sign and the first "the cause is found" of each."""
    data = TimelineEntry.data  # parts of it: with the texts it would be many times as much
    query = (
        select(TimelineEntry.announcement_id, TimelineEntry.at, TimelineEntry.kind, data["status"], data["detected_at"])
        .where(TimelineEntry.announcement_id.in_(ids), TimelineEntry.kind.in_((*DETECTIONS, "updated")))
        .order_by(TimelineEntry.id)
    )
    signs: dict[int, datetime] = {}
    causes: dict[int, datetime] = {}
    for id, at, kind, status, detected_at in db.session.execute(query):
        if kind == "updated":
            if status in FOUND:
                causes.setdefault(id, at)
            continue
        sign = _sign(detected_at) or at
        signs[id] = min(sign, signs.get(id, sign))
    return signs, causes


def _sign(detected_at: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(detected_at))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def told_at(record: Announcement) -> datetime | None:
    """When people could first see it."""
    if record.published_at is None or record.show_from is None:
        return record.published_at
    return max(record.published_at, record.show_from)


def _moments(record: Announcement, review: Review | None, sign: datetime | None, cause: datetime | None) -> Moments:
    written = min(record.created_at, record.published_at or record.created_at)
    started = record.actual_start_at or record.starts_at or record.published_at
    ended = None if record.status in LIVE_STATUSES else record.actual_end_at or record.closed_at
    return Moments(
        started_at=started,
        noticed_at=(review.noticed_at if review else None) or _first_sign(started, sign, written),
        told_at=told_at(record),
        found_at=(review.found_at if review else None) or cause,
        ended_at=ended,
    )


def _first_sign(started: datetime | None, sign: datetime | None, written: datetime) -> datetime:
    """The earlier of both, unless it was written before it began: then somebody had only prepared it."""
    since = [at for at in (sign, written) if at is not None and (started is None or at >= started)]
    return min(since, default=sign or written)
