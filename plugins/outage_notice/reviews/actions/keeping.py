"""Writing down what counts at the end of an announcement: later its audience is another."""

from __future__ import annotations

from dataclasses import asdict

from helpdesk.plugin_api import db, now, transaction
from plugins.outage_notice.announcements.actions.writing import log
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries import timeline
from plugins.outage_notice.announcements.queries.figures import find_reach
from plugins.outage_notice.reviews.queries.facts import REACH_KEPT, kept_reach
from plugins.outage_notice.reviews.queries.records import is_over


def keep_reach(announcement_id: int) -> bool:
    """Put the reach of what has just ended into its timeline. False when it goes on, or was written down before.

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
        if not is_over(record, at) or kept_reach(record, timeline(announcement_id)) is not None:
            return False
        log(session, record, None, at, REACH_KEPT, data=asdict(figures))
    return True
