"""What the ticker asks the tickets room."""

from __future__ import annotations

from helpdesk.hooks.specs import Job
from helpdesk.tickets.actions import sweep_files

JOBS = (Job("tickets.sweep_files", sweep_files, every_seconds=3600),)
