"""The routes of /api/v1/tickets: parse, one call, answer."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import current_app, request
from flask_babel import gettext as _

from helpdesk.core import clock
from helpdesk.core.errors import Forbidden
from helpdesk.tickets import actions, queries
from helpdesk.tickets.api import shapes
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.views.uploads import allow_large_uploads, read_uploads, send_attachment
from helpdesk.web.access import allow, get_viewer
from helpdesk.web.api import etag, idempotent, if_match, limit_argument, make_cursor, paged, paged_whole, read_cursor
from helpdesk.web.openapi import Responses

FILE: Responses = {
    200: {
        "description": "The file.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
MOST_FILES = 10_000  # of one ticket: they are read whole and paged
api = APIBlueprint("tickets_api", __name__, url_prefix="/api/v1/tickets", tag="Tickets")
api.url_value_preprocessor(allow_large_uploads)


def _public_url() -> str:
    url: str = current_app.extensions["helpdesk"].settings.public_url
    return url


def _answer(ticket: Ticket) -> tuple[dict[str, Any], dict[str, str]]:
    row = queries.get_row(ticket, clock.now())
    return shapes.ticket_out(get_viewer(), row, _public_url()), etag(ticket.revision)


@api.get("")
@allow("requester", scope="tickets:read")
@api.input(shapes.ListQuery, location="query", arg_name="query")
@api.output(shapes.TicketPage)
def list_tickets(query: shapes.ListQuery) -> Any:
    """List tickets

    Requesters get their own, with the fields that their pages show; newest change first. With `q` the newest
    tickets that hold all the words.
    """
    viewer = get_viewer()
    if not shapes.may_use_filters(viewer, query):
        raise Forbidden(_("Only staff list tickets by other people."))
    after = read_cursor("tickets_api")
    page = queries.list_queue(viewer, query.as_filter(), clock.now(), after, limit_argument())
    cursor = make_cursor("tickets_api", *page.next_keys) if page.next_keys else None
    return paged([shapes.ticket_out(viewer, row, _public_url()) for row in page.rows], cursor)


@api.post("")
@allow("requester", scope="tickets:write")
@idempotent
@api.input(shapes.TicketIn, arg_name="body")
@api.output(shapes.OneTicketOut, 201)
def open_ticket(body: shapes.TicketIn) -> Any:
    """Open a ticket

    `requester_id` and `priority` are for staff.
    """
    ticket = actions.open_ticket(get_viewer(), body.as_new())
    answer, headers = _answer(ticket)
    return answer, {**headers, "Location": f"/api/v1/tickets/{ticket.number}"}


@api.get("/<int:number>")
@allow("requester", scope="tickets:read")
@api.input(shapes.OneQuery, location="query", arg_name="query")
@api.output(shapes.WholeTicketOut)
def get_ticket(number: int, query: shapes.OneQuery) -> Any:
    """Read a ticket

    `include=messages` adds its newest 100 messages; internal notes are among them for staff only.
    """
    viewer = get_viewer()
    ticket = queries.get_visible_ticket(viewer, number)
    messages = queries.thread(ticket, viewer).messages if query.include else None
    row = queries.get_row(ticket, clock.now())
    return shapes.whole_ticket_out(viewer, row, _public_url(), messages), etag(ticket.revision)


@api.patch("/<int:number>")
@allow("requester", scope="tickets:write")
@idempotent
@api.input(shapes.TicketPatch, arg_name="body")
@api.output(shapes.OneTicketOut)
def change_ticket(number: int, body: shapes.TicketPatch) -> Any:
    """Change a ticket

    Requesters may close and reopen their own. With If-Match a stale revision answers 412.
    """
    return _answer(actions.change_ticket(get_viewer(), number, body.as_change(), if_match()))


@api.post("/<int:number>/messages")
@allow("requester", scope="tickets:write")
@idempotent
@api.input(shapes.MessageIn, arg_name="body")
@api.output(shapes.MessageOut, 201)
def add_message(number: int, body: shapes.MessageIn) -> Any:
    """Write into a ticket

    Internal notes, and a status beside the reply, are for staff.
    """
    viewer = get_viewer()
    message = actions.add_message(viewer, number, body.as_new())
    ticket = queries.get_visible_ticket(viewer, number)
    written = queries.thread(ticket, viewer, before=message.id + 1, limit=1).messages[0]
    return shapes.message_out(written)


@api.get("/<int:number>/attachments")
@allow("requester", scope="tickets:read")
@api.output(shapes.FilePage)
def list_attachments(number: int) -> Any:
    """List the files of a ticket"""
    viewer = get_viewer()
    ticket = queries.get_visible_ticket(viewer, number)
    files = [shapes.file_out(a) for a, _message_id in queries.list_files(ticket, viewer, MOST_FILES)]
    return paged_whole(f"attachments.{number}", files)


@api.post("/<int:number>/attachments")
@allow("requester", scope="tickets:write")
@idempotent
@api.output(shapes.FilePage, 201)
def attach(number: int) -> Any:
    """Add files to your newest message

    multipart/form-data with one or more parts named `files`; `message_id` names another message of yours.
    """
    message_id = request.form.get("message_id", type=int)
    uploads = read_uploads(request.files.getlist("files"))
    return paged([shapes.file_out(a) for a in actions.attach_files(get_viewer(), number, uploads, message_id)], None)


@api.get("/attachments/<attachment_id>")
@allow("requester", scope="tickets:read")
@api.doc(responses=FILE)
def download(attachment_id: str) -> Any:
    """Download a file"""
    return send_attachment(queries.get_visible_attachment(get_viewer(), attachment_id))
