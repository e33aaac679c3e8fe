"""What the ticker asks about mailings."""

from __future__ import annotations

from datetime import datetime

from helpdesk.plugin_api import Job
from plugins.outage_notice.mailings.actions import follow_if_over, write_waiting
from plugins.outage_notice.mailings.queries import over_but_unfollowed


def follow_what_is_over(now: datetime) -> int:
    """Tell the end of what ended by the clock alone, or can no longer be undone. How many mailings began."""
    return sum(len(follow_if_over(announcement_id)) for announcement_id in over_but_unfollowed(now))


JOBS = (
    Job("outage_notice.mailing_ends", follow_what_is_over, every_seconds=5),
    Job("outage_notice.mailings", write_waiting, every_seconds=1),
)
