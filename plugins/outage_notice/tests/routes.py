"""Who may use which route of the plugin, for the matrix of the host (`tests/contract/routes.py`)."""

from __future__ import annotations

from typing import Any

from helpdesk.tickets.actions import open_ticket
from helpdesk.tickets.rules import NewTicket
from plugins.outage_notice.announcements import actions
from plugins.outage_notice.announcements.rules import Draft
from plugins.outage_notice.outages.actions import link_tickets, start_reply
from plugins.outage_notice.tests import routes_detection, routes_response, routes_reviews
from plugins.outage_notice.tests.announcing import department, publish
from tests import factories
from tests.contract.routes import ANNOUNCERS, OWNER, READERS, STAFF, Arguments, Route, Table, World

READ, WRITE = "announcements:read", "announcements:write"
TEXT = {"text": "We are looking at it."}
REPLY = TEXT | {"key": "0123456789abcdef"}
AUDIENCE = {"audience": [{"kind": "everyone"}]}


def _receipt(_world: World, arguments: Arguments) -> dict[str, Any]:
    return {"id": arguments["announcement_id"], "version": 1, "what": "read"}


def _ends(act: str) -> tuple[Route, ...]:
    return (
        Route("technician", object="announcement", arguments={"act": act}, form=TEXT),
        Route("technician", object="draft", arguments={"act": act}, form=TEXT),
    )


def _acts(json: dict[str, Any]) -> Route:
    return Route("technician", WRITE, "announcement", json=json)


def _number(_world: World, arguments: Arguments) -> dict[str, Any]:
    return {"number": str(arguments["number"])}


def _seen(scope: str | None = None, **body: Any) -> tuple[Route, ...]:
    """What agents may do with what is published, and only announcers with drafts."""
    return (Route("agent", scope, "announcement", **body), Route("agent", scope, "draft", ANNOUNCERS, **body))


TABLE: Table = {
    **routes_detection.TABLE,
    **routes_response.TABLE,
    **routes_reviews.TABLE,
    "GET /announcements": Route("agent"),
    "GET /announcements/<int:announcement_id>": (
        Route("requester", object="announcement", may=READERS),
        Route("requester", object="draft", may=ANNOUNCERS),
    ),
    "GET /announcements/<int:announcement_id>/<any(resolve, cancel, withdraw, reopen):act>": _ends("resolve"),
    "POST /announcements/<int:announcement_id>/<any(resolve, cancel, withdraw, reopen):act>": (
        *_ends("resolve"),
        *_ends("cancel"),
        *_ends("withdraw"),
        *_ends("reopen"),
    ),
    "POST /announcements/<int:announcement_id>/approve": Route("technician", object="announcement"),
    "POST /announcements/<int:announcement_id>/delete": Route("technician", object="draft"),
    "POST /announcements/<int:announcement_id>/duplicate": Route("technician", object="announcement"),
    "GET /announcements/<int:announcement_id>/edit": Route("technician", object="announcement"),
    "POST /announcements/<int:announcement_id>/edit": Route("technician", object="announcement"),
    "GET /announcements/<int:announcement_id>/ending": Route("technician", object="announcement"),
    "GET /announcements/<int:announcement_id>/preview": (
        Route("requester", object="announcement", may=STAFF),
        Route("requester", object="over", may=STAFF),
    ),
    "GET /announcements/<int:announcement_id>/reach": Route("technician", object="announcement"),
    "GET /announcements/<int:announcement_id>/replies/<int:broadcast_id>": Route("agent", object="broadcast"),
    "GET /announcements/<int:announcement_id>/reply": _seen(),
    "POST /announcements/<int:announcement_id>/reply": _seen(form=REPLY),
    "GET /announcements/<int:announcement_id>/tickets": _seen(),
    "POST /announcements/<int:announcement_id>/undo": Route("technician", object="announcement"),
    "POST /announcements/<int:announcement_id>/update": Route("technician", object="announcement", form=TEXT),
    "GET /announcements/audience-picker": Route("technician"),
    "GET /announcements/new": Route("technician"),
    "POST /announcements/new": Route("technician"),
    "POST /announcements/preview": Route("technician"),
    "POST /announcements/test": Route("technician", form={"title": "VPN is down"}),
    "GET /api/v1/announcements": Route("agent", READ),
    "POST /api/v1/announcements": Route("technician", WRITE, json={"title": "VPN"}),
    "GET /api/v1/announcements/<int:announcement_id>": (
        Route("agent", READ, "announcement"),
        Route("agent", READ, "draft", ANNOUNCERS),
    ),
    "PATCH /api/v1/announcements/<int:announcement_id>": _acts({"title": "VPN is down for Finance"}),
    "DELETE /api/v1/announcements/<int:announcement_id>": Route("technician", WRITE, "draft"),
    "POST /api/v1/announcements/<int:announcement_id>/approve": _acts({}),
    "POST /api/v1/announcements/<int:announcement_id>/cancel": _acts({}),
    "GET /api/v1/announcements/<int:announcement_id>/check": Route("technician", READ, "draft"),
    "POST /api/v1/announcements/<int:announcement_id>/publish": Route("technician", WRITE, "draft", json={}),
    "GET /api/v1/announcements/<int:announcement_id>/reach": Route("technician", READ, "announcement"),
    "POST /api/v1/announcements/<int:announcement_id>/reopen": _acts({}),
    "POST /api/v1/announcements/<int:announcement_id>/resolve": _acts({}),
    "GET /api/v1/announcements/<int:announcement_id>/tickets": _seen("tickets:read"),
    "POST /api/v1/announcements/<int:announcement_id>/tickets": _seen("tickets:write", json={"numbers": [1]}),
    "DELETE /api/v1/announcements/<int:announcement_id>/tickets": _seen("tickets:write", query={"number": "1"}),
    "GET /api/v1/announcements/<int:announcement_id>/timeline": (
        Route("agent", READ, "announcement"),
        Route("agent", READ, "draft", ANNOUNCERS),
    ),
    "POST /api/v1/announcements/<int:announcement_id>/undo": _acts({}),
    "POST /api/v1/announcements/<int:announcement_id>/update": _acts(TEXT),
    "POST /api/v1/announcements/<int:announcement_id>/withdraw": _acts({}),
    "POST /api/v1/announcements/forecast": Route("technician", READ, json=AUDIENCE),
    "GET /api/v1/applies-to": Route("requester", READ),
    "GET /api/v1/me/endings": Route("requester", "me", query={"ids": "1,2"}),
    "POST /api/v1/me/receipts": (
        Route("requester", "me", "announcement", OWNER, json=_receipt),
        Route("requester", "me", "draft", frozenset(), json=_receipt),
    ),
    "GET /notices": Route("requester"),
    "GET /notices/<int:announcement_id>": (
        Route("requester", object="announcement", may=OWNER),
        Route("requester", object="draft", may=frozenset()),
    ),
    "POST /notices/<int:announcement_id>/receipt": Route(
        "requester", object="announcement", may=OWNER, missing=302, form={"what": "read", "version": "1"}
    ),
    "POST /outages/<int:announcement_id>/follow": (
        Route("requester", object="announcement", may=OWNER),
        Route("requester", object="draft", may=frozenset()),
    ),
    "POST /outages/<int:announcement_id>/unfollow": Route("requester", arguments={"announcement_id": 1}),
    "POST /outages/link": Route("agent", form={"announcement_id": "", "number": "1"}),
    "POST /outages/unlink": Route("agent", form={"number": "1"}),
    "POST /outages/wait": Route("agent", object="linked ticket", form=_number),
}


def _draft(world: World) -> Arguments:
    fields = Draft(title="Move of the server room", audience=(department(world.people.finance),))
    return {"announcement_id": actions.create_draft(factories.viewer(world.people.teresa), fields).id}


def _announcement(world: World) -> Arguments:
    return {"announcement_id": publish(world.people.teresa, department(world.people.finance)).id}


def _linked(world: World) -> Arguments:
    announcement = publish(world.people.teresa, department(world.people.finance))
    ticket = open_ticket(factories.viewer(world.people.ana), NewTicket("Printer", "It is out of paper."))
    link_tickets(factories.viewer(world.people.carla), announcement.id, [ticket.number])
    return {"announcement_id": announcement.id, "number": ticket.number}


def _broadcast(world: World) -> Arguments:
    linked = _linked(world)
    announcement_id = linked["announcement_id"]
    reply = start_reply(factories.viewer(world.people.carla), announcement_id, "Soon.", f"key-{announcement_id}")
    return {"announcement_id": announcement_id, "broadcast_id": reply.id}


OBJECTS = (
    {
        "draft": _draft,
        "announcement": _announcement,
        "linked ticket": _linked,
        "broadcast": _broadcast,
    }
    | routes_detection.OBJECTS
    | routes_response.OBJECTS
    | routes_reviews.OBJECTS
)
