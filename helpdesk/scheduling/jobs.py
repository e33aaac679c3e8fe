"""Housekeeping, once an hour."""

from __future__ import annotations

from helpdesk.hooks.specs import Job
from helpdesk.scheduling import actions

JOBS = (Job("scheduling.prune", actions.prune, every_seconds=3600),)
