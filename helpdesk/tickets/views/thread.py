"""One ticket: its thread, answers, properties and files."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.core import clock
from helpdesk.core.errors import Conflict, Forbidden, HelpdeskError, Invalid, Stale
from helpdesk.hooks.specs import Viewer
from helpdesk.tickets import actions, queries
from helpdesk.tickets.forms import ChangeForm, MessageForm, status_word
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.rules import MessageKind, Status
from helpdesk.tickets.rules.states import may_reopen
from helpdesk.tickets.views import parts
from helpdesk.tickets.views.uploads import allow_large_uploads, read_uploads, send_attachment
from helpdesk.web.access import allow, get_viewer

bp = Blueprint("ticket", __name__)
bp.url_value_preprocessor(allow_large_uploads)


@bp.get("/tickets/<int:number>")
@allow("requester")
def show_ticket(number: int) -> ResponseReturnValue:
    viewer = get_viewer()
    ticket = queries.get_visible_ticket(viewer, number)
    if request.args.get("fragment"):
        return render_template("tickets/thread_news.html", **_facts(ticket, viewer, after=_id("after") or 0))
    return _page(ticket, viewer)


def _id(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _facts(ticket: Ticket, viewer: Viewer, after: int | None = None) -> dict[str, Any]:
    row = queries.get_row(ticket, clock.now())
    facts: dict[str, Any] = {
        "row": row,
        "thread": queries.thread(ticket, viewer, before=_id("before"), after=after),
        "history": queries.history(ticket, viewer),
        "badges": parts.badges([ticket.id], viewer).get(ticket.id, []),
        "may_reopen": may_reopen(ticket.status, ticket.closed_at, clock.now()),
        "is_done": ticket.status in (Status.solved, Status.closed),
    }
    if viewer.is_staff:
        facts["change"] = _change_form(row)
    return facts


def _change_form(row: queries.TicketRow) -> ChangeForm:
    form = ChangeForm(
        formdata=None,
        status=status_word(row.status, row.waiting_on),
        priority=row.priority.value,
        assignee_id="" if row.assignee_id is None else str(row.assignee_id),
        team_id="" if row.team_id is None else str(row.team_id),
        service_id="" if row.service_id is None else str(row.service_id),
        revision=str(row.revision),
    )
    return _offer(form, row)


def _offer(form: ChangeForm, row: queries.TicketRow) -> ChangeForm:
    keep = None if row.assignee_id is None else (row.assignee_id, row.assignee_name or "")
    teams, services = parts.team_choices(), parts.service_choices(row.service_id)
    status = status_word(row.status, row.waiting_on)
    return form.offer(parts.agent_choices(keep), teams, services, many=False, status=status)


def _page(ticket: Ticket, viewer: Viewer, message: MessageForm | None = None) -> str:
    template = "tickets/ticket_staff.html" if viewer.is_staff else "tickets/ticket.html"
    form = message or MessageForm(formdata=None)
    is_note = viewer.is_staff and message is not None and message.kind.data == MessageKind.internal_note.value
    empty = MessageForm(formdata=None)
    return render_template(
        template,
        reply=empty if is_note else form,
        note=form if is_note else empty,
        is_note=is_note,
        **_facts(ticket, viewer),
    )


@bp.post("/tickets/<int:number>/messages")
@allow("requester")
def send_message(number: int) -> ResponseReturnValue:
    viewer = get_viewer()
    ticket = queries.get_visible_ticket(viewer, number)
    form = MessageForm()
    if not form.validate():
        return _page(ticket, viewer, form), 422
    try:
        message = actions.add_message(viewer, number, form.as_new(read_uploads(request.files.getlist("files"))))
    except (Invalid, Forbidden, Conflict) as error:
        form.pin(error if isinstance(error, Invalid) else Invalid(error.message))
        return _page(queries.get_visible_ticket(viewer, number), viewer, form), error.status
    flash(_("Note saved.") if message.kind is MessageKind.internal_note else _("Sent."), "ok")
    return redirect(f"/tickets/{number}#m{message.id}", 303)


@bp.post("/tickets/<int:number>/properties")
@allow("agent")
def change_ticket(number: int) -> ResponseReturnValue:
    ticket = queries.get_visible_ticket(get_viewer(), number)
    form = _offer(ChangeForm(), queries.get_row(ticket, clock.now()))
    if not form.validate():
        flash(_("Nothing was changed. Choose from the lists."), "error")
        return redirect(f"/tickets/{number}", 303)
    return _do(number, lambda: actions.change_ticket(get_viewer(), number, form.as_change(), form.expected_revision))


@bp.post("/tickets/<int:number>/take")
@allow("agent")
def take_ticket(number: int) -> ResponseReturnValue:
    return _do(number, lambda: actions.take(get_viewer(), number))


@bp.post("/tickets/<int:number>/close")
@allow("requester")
def close_ticket(number: int) -> ResponseReturnValue:
    return _do(number, lambda: actions.set_status(get_viewer(), number, Status.closed))


@bp.post("/tickets/<int:number>/reopen")
@allow("requester")
def reopen_ticket(number: int) -> ResponseReturnValue:
    return _do(number, lambda: actions.reopen(get_viewer(), number))


def _do(number: int, act: Any) -> ResponseReturnValue:
    """Perform and go back to the ticket, which shows how it is now; a refusal is said there."""
    queries.get_visible_ticket(get_viewer(), number)
    try:
        act()
        flash(_("Saved."), "ok")
    except (Invalid, Conflict, Stale) as error:
        flash(_text(error), "error")
    return redirect(f"/tickets/{number}", 303)


def _text(error: HelpdeskError) -> str:
    return str(error.message)


@bp.get("/attachments/<attachment_id>")
@allow("requester")
def download(attachment_id: str) -> ResponseReturnValue:
    return send_attachment(queries.get_visible_attachment(get_viewer(), attachment_id))
