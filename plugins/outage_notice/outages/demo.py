"""Links the demonstration's tickets to its running outages, by the rule that links everybody's."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from helpdesk.plugin_api import Ticket, db
from plugins.outage_notice.outages.actions import link_new_ticket
from plugins.outage_notice.outages.queries.links import IS_OPEN
from plugins.outage_notice.outages.queries.matching import running_outages


def load(now: datetime) -> None:
    """Look at the open tickets that came since the first of the running outages began."""
    starts = [a.actual_start_at or a.published_at or now for a in running_outages(now)]
    if not starts:
        return
    query = select(Ticket.id).where(IS_OPEN, Ticket.created_at >= min(starts)).order_by(Ticket.id)
    for ticket_id in list(db.session.scalars(query)):
        link_new_ticket(ticket_id)
