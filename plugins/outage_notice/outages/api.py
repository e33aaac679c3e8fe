"""`/api/v1/announcements/{id}/tickets`: the tickets of an outage, linked and unlinked by programs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from apiflask import APIBlueprint
from flask import request
from flask_babel import gettext as _
from pydantic import Field

from helpdesk.plugin_api import (
    Answer,
    Body,
    Invalid,
    Page,
    TicketStatus,
    TicketWaiting,
    allow,
    get_viewer,
    idempotent,
    limit_argument,
    make_cursor,
    paged,
    read_cursor,
)
from plugins.outage_notice.announcements.queries import get_announcement
from plugins.outage_notice.outages import actions
from plugins.outage_notice.outages.queries.links import LinkedTicket, linked_tickets
from plugins.outage_notice.outages.rules import NUMBERS_LIMIT, By, How, LinkResult

CURSOR = "announcement.tickets"
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]

api = APIBlueprint("outage_notice_tickets", __name__, url_prefix="/api/v1/announcements", tag="Announcements")


class NumbersIn(Body):
    """Numbers of tickets."""

    numbers: list[Number] = Field(min_length=1, max_length=NUMBERS_LIMIT)


class RequesterOut(Answer):
    id: int
    name: str


class LinkedTicketOut(Answer):
    """`how`: rule or hand; `by`: why. `needs_person`: open, and not waiting for the outage to end."""

    number: int
    subject: str
    status: TicketStatus
    waiting_on: TicketWaiting | None
    requester: RequesterOut
    how: How
    by: By
    linked_at: datetime
    linked_by: str | None
    needs_person: bool
    wrote_since: bool


class LinkedTicketPage(Page[LinkedTicketOut]):
    """One page of the tickets of an outage, in the order of linking."""


class LinkResultOut(Answer):
    """What became of one ticket: `error` is null when it is as asked."""

    number: int
    error: str | None


class LinkResultsOut(Answer):
    items: list[LinkResultOut]


@api.get("/<int:announcement_id>/tickets")
@allow("agent", scope="tickets:read")
@api.output(LinkedTicketPage)
def list_tickets(announcement_id: int) -> Any:
    """The tickets that belong to an outage now; with `suggested=1` those that might."""
    get_announcement(get_viewer(), announcement_id)
    is_suggested = request.args.get("suggested") in ("1", "true")
    limit, scope = limit_argument(), f"{CURSOR}.{announcement_id}.{is_suggested}"
    after = read_cursor(scope)
    last = int(after[0]) if after else None
    found = linked_tickets(announcement_id, suggested=is_suggested, after=last, limit=limit + 1)
    following = make_cursor(scope, found[limit - 1].link_id) if len(found) > limit else None
    return paged([_json(ticket) for ticket in found[:limit]], following)


@api.post("/<int:announcement_id>/tickets")
@allow("agent", scope="tickets:write")
@idempotent
@api.input(NumbersIn, arg_name="body")
@api.output(LinkResultsOut)
def link(announcement_id: int, body: NumbersIn) -> Any:
    """Link tickets by hand: they wait for the outage from now on. Each has its own result."""
    return _results(actions.link_tickets(get_viewer(), announcement_id, body.numbers))


@api.delete("/<int:announcement_id>/tickets")
@allow("agent", scope="tickets:write")
@idempotent
@api.output(LinkResultsOut)
def unlink(announcement_id: int) -> Any:
    """Take tickets out of this outage, or refuse suggestions: `?number=1042&number=1043`."""
    return _results(actions.unlink_tickets(get_viewer(), _numbers(), announcement_id))


def _numbers() -> list[int]:
    texts = request.args.getlist("number")
    if not all(t.isascii() and t.isdecimal() and len(t) < 10 for t in texts):
        raise Invalid({"number": _("This must be a whole number.")})
    return [int(t) for t in texts]


def _results(results: list[LinkResult]) -> dict[str, Any]:
    return {"items": [{"number": r.number, "error": None if r.error is None else str(r.error)} for r in results]}


def _json(ticket: LinkedTicket) -> dict[str, Any]:
    plain = {name: getattr(ticket, name) for name in LinkedTicketOut.model_fields if hasattr(ticket, name)}
    return plain | {
        "requester": {"id": ticket.requester_id, "name": ticket.requester_name},
        "wrote_since": ticket.has_written,
    }
