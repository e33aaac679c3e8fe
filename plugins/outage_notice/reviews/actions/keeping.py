"""Writing down what counts at the end of an announcement: later its audience is another."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import select

from helpdesk.plugin_api import db, now, transaction
from plugins.outage_notice.announcements.actions.writing import log
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries import timeline
from plugins.outage_notice.announcements.queries.figures import ReachFigures, find_reach
from plugins.outage_notice.reviews.queries.facts import REACH_KEPT, kept_reach
from plugins.outage_notice.reviews.queries.records import is_over

STILL_GROWS = timedelta(days=1)  # so long after its end the last mails may be accepted, and replies opened


def keep_grown_reach(now: datetime) -> int:
    """Write the reach of what ended within a day down again where more people were told since. How many."""
    recent = select(Announcement.id).where(Announcement.closed_at > now - STILL_GROWS, Announcement.closed_at <= now)
    ids = list(db.session.scalars(recent.order_by(Announcement.closed_at)))
    return sum(keep_reach(announcement_id) for announcement_id in ids)


def keep_reach(announcement_id: int) -> bool:
    """Put the reach of what has ended into its timeline. False when it goes on, or as much was written down before.

    The reading comes first and outside of the transaction: it looks at everybody, and nobody who writes waits for it.
    """
    record = db.session.get(Announcement, announcement_id, populate_existing=True)
    if record is None or record.closed_at is None or not is_over(record, now()):
        return False
    figures = find_reach(announcement_id, record.actual_end_at or record.closed_at)
    db.session.rollback()
    if figures is None:
        return False
    at = now()
    with transaction() as session:
        record = session.get_one(Announcement, announcement_id, with_for_update=True, populate_existing=True)
        kept = kept_reach(record, timeline(announcement_id))
        if not is_over(record, at) or (kept is not None and not _has_grown(kept, figures)):
            return False
        log(session, record, None, at, REACH_KEPT, data=asdict(figures))
    return True


def _has_grown(kept: ReachFigures, present: ReachFigures) -> bool:
    """Whether more people were reached; that others are in the audience now is no reason."""
    return any(getattr(present, name) > getattr(kept, name) for name in ("delivered", "seen", "read", "affected"))
