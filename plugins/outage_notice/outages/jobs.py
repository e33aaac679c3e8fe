"""What the ticker asks about outages."""

from __future__ import annotations

from datetime import datetime

from helpdesk.plugin_api import Job
from plugins.outage_notice.outages.actions import close_if_over, send_waiting
from plugins.outage_notice.outages.queries.links import over_but_waited_for


def close_what_is_over(now: datetime) -> int:
    """Start the closing of outages that ended by the clock alone, or can no longer be undone. How many."""
    return sum(close_if_over(announcement_id) is not None for announcement_id in over_but_waited_for(now))


JOBS = (
    Job("outage_notice.closings", close_what_is_over, every_seconds=5),
    Job("outage_notice.broadcasts", send_waiting, every_seconds=1),
)
