"""What everybody may read of a review, without signing in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _

from helpdesk.plugin_api import NotFound, db
from plugins.outage_notice.announcements import rules as announcing
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries import LiveAnnouncement
from plugins.outage_notice.announcements.queries.live import freeze
from plugins.outage_notice.announcements.queries.records import BIGGEST_ID, services_by_id
from plugins.outage_notice.reviews.models import Review
from plugins.outage_notice.reviews.queries.courses import courses_of
from plugins.outage_notice.reviews.queries.moments import moments_of
from plugins.outage_notice.reviews.queries.records import is_over
from plugins.outage_notice.reviews.rules import Readers
from plugins.outage_notice.reviews.rules.stretches import stretches_of, time_on


@dataclass(frozen=True, slots=True)
class PublicSummary:
    """The text that was written for the public, with what the announcement told the public anyway: no person, no figure
    of people, nothing of the action log. `duration`: as long as it was on.
    """

    announcement: LiveAnnouncement
    text: str
    services: tuple[str, ...]
    started_at: datetime | None
    ended_at: datetime | None
    duration: timedelta | None
    published_at: datetime


def is_for_public(record: Announcement, review: Review | None, now: datetime) -> bool:
    """Whether everybody may read the summary: it was published so, of something over that the public was told of."""
    return (
        review is not None
        and review.published_at is not None
        and review.readers is Readers.public
        and record.is_public
        and not record.is_drill
        and is_over(record, now)
        and announcing.was_shown(record, record.closed_at, now)
    )


def get_public_summary(announcement_id: int, now: datetime) -> PublicSummary:
    """Raises NotFound for everything that is not for everybody, and for what does not exist, alike."""
    record = db.session.get(Announcement, announcement_id) if announcement_id < BIGGEST_ID else None
    review = None if record is None else db.session.get(Review, announcement_id)
    if record is None or review is None or review.published_at is None or not is_for_public(record, review, now):
        raise NotFound(_("There is no such review."))
    moments = moments_of([record])[record.id]
    stretches = stretches_of(moments.started_at, moments.ended_at, courses_of([record])[record.id].turns, now)
    return PublicSummary(
        announcement=freeze([record])[0],
        text=review.public_summary,
        services=tuple(service.name for service in services_by_id([record.id])[record.id]),
        started_at=moments.started_at,
        ended_at=moments.ended_at,
        duration=time_on(stretches) if stretches and moments.ended_at else None,
        published_at=review.published_at,
    )
