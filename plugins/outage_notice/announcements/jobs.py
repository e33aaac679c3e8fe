"""What the ticker asks about announcements."""

from __future__ import annotations

from helpdesk.plugin_api import Job
from plugins.outage_notice.announcements.actions import fire_due_steps

JOBS = (Job("outage_notice.steps", fire_due_steps, every_seconds=1),)
