"""What the ticker asks about playbooks."""

from __future__ import annotations

from helpdesk.plugin_api import Job
from plugins.outage_notice.playbooks.actions import remind_of_reviews

JOBS = (Job("outage_notice.playbook_reviews", remind_of_reviews, every_seconds=600),)
