"""What the ticker asks about the reach."""

from __future__ import annotations

import time
from datetime import datetime

from helpdesk.plugin_api import Job, has_accepted_mails
from plugins.outage_notice.announcements.rules.telling import TOPIC
from plugins.outage_notice.banners.actions import count_accepted

ROUND_SECONDS = 1.0  # then others have their turn; the ticker asks again a second later


def count_mails(_now: datetime) -> int:
    """Count what the mail server has accepted since, all together. How many mails."""
    done, end = 0, time.monotonic() + ROUND_SECONDS
    while has_accepted_mails(TOPIC) and time.monotonic() < end:
        done += count_accepted()
    return done


JOBS = (Job("outage_notice.accepted_mails", count_mails, every_seconds=1),)
