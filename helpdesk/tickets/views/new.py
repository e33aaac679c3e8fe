"""The form for a new ticket, and what a person should know before sending it."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.accounts import queries as accounts
from helpdesk.core.errors import Forbidden, Invalid
from helpdesk.tickets import actions
from helpdesk.tickets.forms import NewTicketForm
from helpdesk.tickets.views import parts
from helpdesk.tickets.views.uploads import allow_large_uploads, read_uploads
from helpdesk.web.access import allow, get_viewer

bp = Blueprint("new_ticket", __name__)
bp.url_value_preprocessor(allow_large_uploads)
STARTS = ("broken", "equipment", "access", "question")


def _form() -> NewTicketForm:
    form = NewTicketForm(service_id=request.args.get("service_id", ""), subject=request.args.get("subject", "")[:200])
    if form.service_id.data is None:
        form.service_id.data = ""
    if not form.is_submitted() and "priority" in form:
        form.priority.data = "normal"
    return form.offer(parts.service_choices(), get_viewer().is_staff)


@bp.get("/tickets/new")
@allow("requester")
def show_form() -> ResponseReturnValue:
    return _page(_form())


@bp.post("/tickets/new")
@allow("requester")
def send_form() -> ResponseReturnValue:
    form = _form()
    if not form.validate():
        return _page(form), 422
    try:
        new = replace(form.as_new(read_uploads(request.files.getlist("files"))), declined=_declined())
        ticket = actions.open_ticket(get_viewer(), new)
    except (Invalid, Forbidden) as error:
        form.pin(error if isinstance(error, Invalid) else Invalid(error.message))
        return _page(form), error.status
    flash(_("Sent. Your ticket is #%(number)s.", number=ticket.number), "ok")
    return redirect(f"/tickets/{ticket.number}", 303)


def _declined() -> tuple[str, ...]:
    """The notices of which the person said that they are not about this."""
    return tuple(key for key in request.form.getlist("declined")[:5] if len(key) <= 64 and key.isprintable())


def _page(form: NewTicketForm) -> str:
    viewer = get_viewer()
    service = form.service_id.data or ""
    service_id = int(service) if service in (form.service_id.choices or {}) and service else None
    start = request.args.get("start", "")
    person = form.requester_id.data if "requester_id" in form else None
    if not (person and person.isascii() and person.isdigit() and len(person) < 10):
        person = None
    people = accounts.people_names([int(person)]) if person else {}
    return render_template(
        "tickets/new.html",
        form=form,
        start=start if start in STARTS else "broken",
        service_id=service_id,
        declined=_declined(),
        notice=parts.form_notice(viewer, service_id, form.subject.data or ""),
        people=[{"id": i, "label": name} for i, name in people.items()],
    )


@bp.get("/tickets/new/notices")
@allow("requester")
def show_notices() -> ResponseReturnValue:
    """The notice for what is typed so far: a piece of HTML, empty when there is nothing to know."""
    service = request.args.get("service_id", "")
    service_id = int(service) if service.isascii() and service.isdigit() and len(service) < 10 else None
    notice = parts.form_notice(get_viewer(), service_id, request.args.get("text", "")[:500])
    return render_template("tickets/form_notice.html", notice=notice)
