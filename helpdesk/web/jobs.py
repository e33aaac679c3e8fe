"""What the ticker asks the web room for."""

from __future__ import annotations

from datetime import datetime

from helpdesk.core.database import transaction
from helpdesk.hooks.specs import Job
from helpdesk.web import idempotency


def prune_idempotency(now: datetime) -> int:
    with transaction():
        return idempotency.prune(now)


JOBS = (Job("web.prune_idempotency", prune_idempotency, every_seconds=3600),)
