"""The tickets of surges, for lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from helpdesk.plugin_api import Department, Service, Ticket, User, db
from plugins.outage_notice.outages.models import Surge, SurgeReport
from plugins.outage_notice.outages.queries.surges import tickets_since
from plugins.outage_notice.outages.rules import surges
from plugins.outage_notice.outages.rules.surges import SurgeState


@dataclass(frozen=True, slots=True)
class SurgeTicket:
    """A ticket of a surge, as lists show it."""

    number: int
    subject: str
    requester_name: str
    department_name: str | None
    created_at: datetime


def tickets_of_surge(surge: Surge) -> list[SurgeTicket]:
    """The tickets of a surge from its first on, newest first, while they are counted or kept with it."""
    ids = {*surge.evidence.get("ticket_ids", ()), *tickets_since(surge.key, surge.first_at)}
    query = (
        select(Ticket.number, Ticket.subject, User.name, Department.name, Ticket.created_at)
        .join(User, User.id == Ticket.requester_id)
        .outerjoin(Department, Department.id == User.department_id)
        .where(Ticket.id.in_(ids))
        .order_by(Ticket.created_at.desc(), Ticket.id.desc())
    )
    return [SurgeTicket(row[0], row[1], row[2], row[3], row[4]) for row in db.session.execute(query)]


def surge_of_tickets(ticket_ids: Sequence[int], now: datetime) -> dict[int, str]:
    """What the surge that is shown is about, for those of these tickets that belong to it."""
    query = select(Surge).where(Surge.state == SurgeState.open, Surge.last_at > now - surges.FADES_AFTER)
    found: dict[int, str] = {}
    for surge in db.session.scalars(query).all():
        mine = select(SurgeReport.ticket_id).where(
            SurgeReport.key == surge.key, SurgeReport.ticket_id.in_(ticket_ids), SurgeReport.at >= surge.first_at
        )
        name = db.session.scalar(select(Service.name).where(Service.id == surge.service_id))
        found |= dict.fromkeys(db.session.scalars(mine), name or surge.word or "")
    return found
