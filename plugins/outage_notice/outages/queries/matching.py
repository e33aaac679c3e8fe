"""Which outages concern a ticket, or what somebody is about to write."""

from __future__ import annotations

from datetime import datetime

from helpdesk.plugin_api import TicketFacts, Viewer, viewers
from plugins.outage_notice.announcements.queries import LiveAnnouncement, live_announcements
from plugins.outage_notice.announcements.queries.replies import lineage_of
from plugins.outage_notice.announcements.rules.matching import (
    Match,
    concerning,
    find_matches,
    find_weak_matches,
    is_running,
)
from plugins.outage_notice.audiences.queries import facts_of


def outages_of_ticket(ticket: TicketFacts, now: datetime) -> tuple[list[Match], list[Match]]:
    """The outages a ticket belongs to by rule, and those that only its words speak for; most severe first."""
    requester = viewers([ticket.requester_id]).get(ticket.requester_id)
    if requester is None:
        return [], []
    return outages_of_text(requester, ticket.service_id, f"{ticket.subject}\n{ticket.text}", now)


def outages_of_text(
    person: Viewer, service_id: int | None, text: str, now: datetime
) -> tuple[list[Match], list[Match]]:
    """As `outages_of_ticket`, for what this person writes."""
    live, facts = live_announcements(now), facts_of(person)
    lineage = lineage_of(service_id)
    return find_matches(live, facts, lineage, text, now), find_weak_matches(live, facts, lineage, text, now)


def outages_of_person(person_id: int, now: datetime) -> list[LiveAnnouncement]:
    """The running outages that concern this person; none for somebody disabled."""
    person = viewers([person_id]).get(person_id)
    if person is None:
        return []
    found = concerning(live_announcements(now), facts_of(person), now)
    return sorted(found, key=lambda a: (a.severity, a.id))


def running_outages(now: datetime) -> list[LiveAnnouncement]:
    """Every outage that people feel now, the worst first."""
    return sorted((a for a in live_announcements(now) if is_running(a, now)), key=lambda a: (a.severity, a.id))
