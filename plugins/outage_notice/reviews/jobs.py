"""What the ticker asks about reviews."""

from __future__ import annotations

from helpdesk.plugin_api import Job
from plugins.outage_notice.reviews.actions import remind

JOBS = (Job("outage_notice.review_reminders", remind, every_seconds=60),)
