"""What several ticket pages need: lists to choose from, and what plugins add."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import current_app

from helpdesk.accounts import queries as accounts
from helpdesk.catalog import queries as catalog
from helpdesk.core import clock
from helpdesk.hooks.specs import Badge, FormNotice, Viewer
from helpdesk.tickets.queries import COUNT_LIMIT


def service_choices(keep: int | None = None) -> dict[str, str]:
    """Services to choose, by id; a retired one stays choosable where it is chosen (`keep`)."""
    services = catalog.list_services(include_retired=keep is not None)
    return {str(s.id): s.name for s in services if not s.is_retired or s.id == keep}


def agent_choices(keep: tuple[int, str] | None = None) -> dict[str, str]:
    """Staff to choose, by id; who left stays choosable where chosen (`keep`: id and name)."""
    choices = {str(a.id): a.name for a in accounts.list_agents()}
    return choices if keep is None else {str(keep[0]): keep[1]} | choices


def team_choices() -> dict[str, str]:
    return {str(t.id): t.name for t in accounts.list_teams()}


def badges(ticket_ids: Sequence[int], viewer: Viewer) -> dict[int, list[Badge]]:
    """The plugins' marks of these tickets, in one call for the whole list."""
    found: dict[int, list[Badge]] = {}
    if ticket_ids:
        answers: list[Mapping[int, Sequence[Badge]]] = current_app.extensions["helpdesk"].plugins.collect(
            "ticket_badges", ticket_ids=list(ticket_ids), viewer=viewer, now=clock.now()
        )
        for answer in answers:
            for ticket_id, marks in answer.items():
                found.setdefault(ticket_id, []).extend(marks)
    return found


def form_notice(viewer: Viewer, service_id: int | None, text: str) -> FormNotice | None:
    """The one most important thing to know before writing this ticket."""
    if not text.strip() and service_id is None:
        return None
    answers: list[Sequence[FormNotice]] = current_app.extensions["helpdesk"].plugins.collect(
        "ticket_form_notices", viewer=viewer, service_id=service_id, text=text, now=clock.now()
    )
    return next((notice for notices in answers for notice in notices), None)


def count_word(count: int) -> str:
    """A counter as shown; beyond the limit it was not counted on."""
    return str(count) if count <= COUNT_LIMIT else f"{COUNT_LIMIT:,}+"


def person_item(person: Any) -> dict[str, Any]:
    """A person for the type-ahead picker."""
    department = getattr(person, "department", None)
    detail = ", ".join(x for x in (department.name if department else None, person.email) if x)
    return {"id": person.id, "label": person.name, "detail": detail, "kind": "requester"}
