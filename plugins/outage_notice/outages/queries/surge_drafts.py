"""The announcement that a surge proposes, and what is kept of its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from helpdesk.plugin_api import Ticket, User, Viewer, db, language_for
from plugins.outage_notice.announcements.queries.records import targets_by_id
from plugins.outage_notice.announcements.rules import (
    TITLE_LIMIT,
    Draft,
    Effect,
    Kind,
    ServiceEffect,
    suggest_severity,
)
from plugins.outage_notice.announcements.rules.matching import fold
from plugins.outage_notice.audiences.queries import audience_condition, count_people, departments_using, total_people
from plugins.outage_notice.audiences.rules import Target, TargetKind
from plugins.outage_notice.outages.models import Surge, TicketLink
from plugins.outage_notice.outages.queries.links import IS_OPEN
from plugins.outage_notice.outages.queries.surge_calls import NamedSurgeCall
from plugins.outage_notice.outages.queries.surges import Evidence, SurgeView, common_before, tickets_since
from plugins.outage_notice.outages.rules.surges import word_key

NEXT_UPDATE = timedelta(minutes=30)
MOST_DEPARTMENTS = 8  # with more of them it concerns all who use the service
NAMED = 2
RARE = 0.1  # of the surge's tickets have held the word in all the weeks before


def draft_of_surge(view: SurgeView, author: Viewer, now: datetime) -> Draft:
    """An incident with the service, the departments that wrote, and its start at the first ticket."""
    services = (ServiceEffect(view.surge.service_id),) if view.surge.service_id is not None else ()
    audience = _audience(view)
    people = count_people(audience) if audience else view.evidence.people
    return Draft(
        kind=Kind.incident,
        severity=suggest_severity(people, [Effect.major_outage], total_people()),
        title=_title(view),
        services=services,
        audience=audience,
        starts_at=view.surge.first_at,
        next_update_at=now + NEXT_UPDATE,
        keywords=_keywords(view, now),
        locale=language_for(author.locale),
        time_zone=author.time_zone or "UTC",
        owner_id=author.id,
    )


def _keywords(view: SurgeView, now: datetime) -> str:
    """What most of the tickets share, and hardly any other: these words link what comes later.

    A phrase; a single word only when all share it and it was rare until now.
    """
    phrase = _phrase_of_most(view)
    if " " in phrase:
        return phrase
    word = view.surge.word or phrase
    key = word_key(fold(word)) if word else ""
    common = common_before([key], now).get(key, 0) if key else 0
    return word if common <= RARE * view.evidence.tickets else ""


def _phrase_of_most(view: SurgeView) -> str:
    shared = view.evidence.phrase
    return shared.phrase if shared is not None and shared.is_of_most else ""


def _audience(view: SurgeView) -> tuple[Target, ...]:
    ids = view.evidence.department_ids
    service_id = view.surge.service_id
    if service_id is not None and (not ids or len(ids) > MOST_DEPARTMENTS) and departments_using([service_id]):
        return (Target(TargetKind.service_users, str(service_id)),)
    return tuple(Target(TargetKind.department, str(id)) for id in ids)


def _title(view: SurgeView) -> str:
    """By the wording template: what is down, and for whom where that is short."""
    whom = _whom(view.evidence)
    if view.surge.service_id is None:
        return str(_("Something is wrong with “%(word)s”", word=_phrase_of_most(view) or view.subject))
    long = str(_("%(service)s is down for %(whom)s", service=view.subject, whom=whom)) if whom else ""
    return long if 0 < len(long) <= TITLE_LIMIT else str(_("%(service)s is down", service=view.subject))


def _whom(evidence: Evidence) -> str:
    names = [name for name, _count in evidence.departments]
    if len(names) == 1:
        return names[0]
    if len(names) == NAMED:
        return str(_("%(first)s and %(second)s", first=names[0], second=names[1]))
    return ""


def count_to_link(announcement_id: int, found: Sequence[Surge]) -> int:
    """How many tickets of these surges publishing links: open ones of people in the audience that no outage has had."""
    kept = (surge.evidence.get("ticket_ids", ()) for surge in found)
    ids = {id for surge in found for id in tickets_since(surge.key, surge.first_at)} | set(chain.from_iterable(kept))
    considered = select(TicketLink.id).where(TicketLink.ticket_id == Ticket.id)
    query = (
        select(func.count())
        .select_from(Ticket)
        .join(User, User.id == Ticket.requester_id)
        .where(Ticket.id.in_(ids), IS_OPEN, ~considered.exists())
        .where(audience_condition(targets_by_id([announcement_id])[announcement_id]))
    )
    return db.session.scalar(query) or 0


def facts_of_surge(view: SurgeView) -> dict[str, Any]:
    """What the timeline and the audit keep: when it was seen first, and what it showed."""
    surge, evidence = view.surge, view.evidence
    return {
        "surge_id": surge.id,
        "about": view.subject,
        "detected_at": surge.detected_at.isoformat(),
        "first_at": surge.first_at.isoformat(),
        "tickets": evidence.tickets,
        "people": evidence.people,
        "minutes": evidence.minutes,
        "normal": round(evidence.normal, 2),
        "needed": surge.needed,
        "departments": [list(pair) for pair in evidence.departments[:10]],
        "phrase": evidence.phrase.phrase if evidence.phrase else None,
        "phrase_in": evidence.phrase.count if evidence.phrase else 0,
        "numbers": list(evidence.numbers[:50]),
    }


def facts_of_calls(calls: Sequence[NamedSurgeCall]) -> dict[str, Any]:
    """Who called whom, and who had it when."""
    has_it = next((call for call in calls if call.answered_at is not None), None)
    return {
        "by": calls[0].caller,
        "names": ", ".join(call.name for call in calls),
        "called_at": calls[0].called_at.isoformat(),
        "has_it": has_it.name if has_it else None,
        "answered_at": has_it.answered_at.isoformat() if has_it and has_it.answered_at else None,
    }
