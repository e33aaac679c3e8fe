"""How many announcements run now, for the menu."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from helpdesk.plugin_api import db
from plugins.outage_notice.announcements import rules
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries.records import IS_LIVE


def count_active(now: datetime) -> int:
    """The announcements in their active phase. The rows are few: what is over is not read."""
    live = db.session.scalars(select(Announcement).where(IS_LIVE))
    return sum(rules.phase(record, now) is rules.Phase.active for record in live)
