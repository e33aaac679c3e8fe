"""How many tickets belonged to an outage, on its row in the list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_babel import ngettext
from sqlalchemy import func, select

from helpdesk.plugin_api import db
from plugins.outage_notice.announcements.views.blueprint import number
from plugins.outage_notice.announcements.views.rows import RowNote
from plugins.outage_notice.outages.models import TicketLink
from plugins.outage_notice.outages.rules import How


def ticket_notes(announcement_ids: Sequence[int]) -> Mapping[int, RowNote]:
    """The tickets linked to each, also of those that are over. One query."""
    kept = (TicketLink.unlinked_at.is_(None), TicketLink.how != How.suggested)
    tickets = func.count(TicketLink.ticket_id.distinct())
    query = select(TicketLink.announcement_id, tickets).where(TicketLink.announcement_id.in_(announcement_ids), *kept)
    rows = db.session.execute(query.group_by(TicketLink.announcement_id))
    return {id: RowNote(_words(count), f"/announcements/{id}/tickets") for id, count in rows}


def _words(count: int) -> str:
    return str(ngettext("%(count)s ticket", "%(count)s tickets", count, count=number(count)))
