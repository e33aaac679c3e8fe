"""Which outages concern a ticket, or a person and a service, now."""

from __future__ import annotations

from datetime import datetime

from helpdesk.plugin_api import TicketFacts, Viewer, viewers
from plugins.outage_notice.announcements.queries import live_announcements
from plugins.outage_notice.announcements.queries.replies import lineage_of, refused_of
from plugins.outage_notice.announcements.rules.matching import Match, concerning, find_matches, order_of
from plugins.outage_notice.audiences.queries import facts_of


def find_requester(ticket: TicketFacts) -> Viewer | None:
    """The requester of a ticket; None when disabled."""
    return viewers([ticket.requester_id]).get(ticket.requester_id)


def outages_of_ticket(ticket: TicketFacts, requester: Viewer, now: datetime) -> list[Match]:
    """The active outages that concern this ticket, most severe first; without those that, as its requester or an agent
    has said, it is not about.
    """
    text = f"{ticket.subject}\n{ticket.text}"
    found = find_matches(live_announcements(now), facts_of(requester), lineage_of(ticket.service_id), text, now)
    refused = refused_of(ticket, {match.announcement.id for match in found}) if found else ()
    return [match for match in found if match.announcement.id not in refused]


def outages_of_person(person: Viewer, service_id: int | None, text: str, now: datetime) -> list[Match]:
    """The active outages that would concern a ticket of this person about this service, or with this text.

    Without either: all that concern the person.
    """
    if service_id is None and not text.strip():
        found = concerning(live_announcements(now), facts_of(person), now)
        return sorted((Match(announcement, "person") for announcement in found), key=order_of)
    return find_matches(live_announcements(now), facts_of(person), lineage_of(service_id), text, now)
