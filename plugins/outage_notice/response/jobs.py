"""What the ticker asks about promises."""

from __future__ import annotations

from helpdesk.plugin_api import Job
from plugins.outage_notice.response.actions import pursue_promises

JOBS = (Job("outage_notice.promises", pursue_promises, every_seconds=5),)
