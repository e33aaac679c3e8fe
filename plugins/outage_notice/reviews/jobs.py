"""What the ticker asks about reviews."""

from __future__ import annotations

from helpdesk.plugin_api import Job
from plugins.outage_notice.reviews.actions import keep_grown_reach, remind

JOBS = (
    Job("outage_notice.review_reminders", remind, every_seconds=60),
    Job("outage_notice.grown_reach", keep_grown_reach, every_seconds=1800),
)
