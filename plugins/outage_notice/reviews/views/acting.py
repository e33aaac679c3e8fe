"""What is to be done because of a review: adding, changing, ticking off, and the ticket of each."""

from __future__ import annotations

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.plugin_api import (
    Conflict,
    Forbidden,
    Invalid,
    NewTicket,
    NotFound,
    Stale,
    allow,
    get_viewer,
    open_ticket,
)
from plugins.outage_notice.announcements.queries.records import require_announcer
from plugins.outage_notice.reviews import actions
from plugins.outage_notice.reviews.forms import ActionForm, TicketForm
from plugins.outage_notice.reviews.queries.records import ActionRow, actions_of, get_reviewed, owners
from plugins.outage_notice.reviews.views.blueprint import bp
from plugins.outage_notice.reviews.views.pages import page
from plugins.outage_notice.reviews.views.words import whole_day

BASE = "/announcements/<int:announcement_id>/review/actions"


@bp.post(BASE)
@allow("technician")
def add_action(announcement_id: int) -> ResponseReturnValue:
    viewer = get_viewer()
    get_reviewed(viewer, announcement_id)
    form = ActionForm(owners=owners())
    if not form.validate():
        return page(announcement_id, action_form=form), 422
    try:
        actions.add_action(viewer, announcement_id, form.new_action())
    except Invalid as error:
        form.pin(error)
        return page(announcement_id, action_form=form), 422
    except Conflict as error:
        form.form_errors = [error.message]
        return page(announcement_id, action_form=form), error.status
    flash(_("The action is added. Its owner is reminded until it is done."))
    return _to_actions(announcement_id)


def _to_actions(announcement_id: int) -> ResponseReturnValue:
    return redirect(f"/announcements/{announcement_id}/review#actions")


def _find(announcement_id: int, action_id: int) -> ActionRow:
    get_reviewed(get_viewer(), announcement_id)
    found = next((a for a in actions_of([announcement_id]).get(announcement_id, ()) if a.id == action_id), None)
    if found is None:
        raise NotFound(_("There is no such action."))
    return found


@bp.route(f"{BASE}/<int:action_id>", methods=["GET", "POST"])
@allow("technician")
def change_action(announcement_id: int, action_id: int) -> ResponseReturnValue:
    viewer = get_viewer()
    require_announcer(viewer)
    row = _find(announcement_id, action_id)
    form = ActionForm(
        owners=owners([row.owner_id]),
        revision=row.revision,
        what=row.what,
        owner_id=str(row.owner_id),
        due_on=row.due_on,
    )
    if not form.is_submitted():
        return _action_page(announcement_id, row, form)
    if not form.validate():
        return _action_page(announcement_id, row, form), 422
    try:
        actions.change_action(viewer, announcement_id, action_id, form.new_action(), form.revision.data)
    except Invalid as error:
        form.pin(error)
        return _action_page(announcement_id, row, form), 422
    except Stale as error:
        form.form_errors = [
            error.message,
            _("It says now: %(what)s, %(who)s, %(day)s.", what=row.what, who=row.owner, day=whole_day(row.due_on)),
        ]
        form.revision.raw_data, form.revision.data = None, error.current["revision"]
        return _action_page(announcement_id, row, form), error.status
    flash(_("The action is saved."))
    return _to_actions(announcement_id)


def _action_page(announcement_id: int, row: ActionRow, form: ActionForm, ticket_form: TicketForm | None = None) -> str:
    return render_template(
        "outage_notice/review_action.html",
        announcement_id=announcement_id,
        action=row,
        form=form,
        ticket_form=ticket_form or TicketForm(formdata=None, number=row.ticket),
    )


@bp.post(f"{BASE}/<int:action_id>/done")
@allow("agent")
def finish_action(announcement_id: int, action_id: int) -> ResponseReturnValue:
    is_done = request.form.get("is_done", "1") == "1"
    try:
        actions.finish_action(get_viewer(), announcement_id, action_id, is_done=is_done)
    except Forbidden as error:
        flash(str(error.message), "error")
    else:
        flash(_("Done.") if is_done else _("It is open again."))
    return _to_actions(announcement_id)


@bp.post(f"{BASE}/<int:action_id>/ticket")
@allow("technician")
def link_ticket(announcement_id: int, action_id: int) -> ResponseReturnValue:
    """Link a ticket by its number, unlink with an empty one, or open one that says what is to be done."""
    viewer = get_viewer()
    row = _find(announcement_id, action_id)
    require_announcer(viewer)
    form = TicketForm()
    if not form.validate():
        return _ticket_again(announcement_id, row, form), 422
    number = form.number.data
    if request.form.get("do") == "open":
        # Two transactions, because each room writes its own; the cause makes a second press find the same ticket.
        body = _("From the review of OUT-%(id)s. Due: %(day)s.", id=announcement_id, day=whole_day(row.due_on))
        new = NewTicket(row.what, f"{row.what}\n\n{body}")
        number = open_ticket(viewer, new, cause_id=f"review-action-{row.id}").number
    try:
        actions.link_ticket(viewer, announcement_id, action_id, number)
    except Invalid as error:
        form.pin(error)
        return _ticket_again(announcement_id, row, form), 422
    flash(_("Ticket #%(number)s is linked.", number=number) if number else _("No ticket is linked any more."))
    return _to_actions(announcement_id)


def _ticket_again(announcement_id: int, row: ActionRow, form: TicketForm) -> str:
    own = ActionForm(
        owners=owners([row.owner_id]),
        formdata=None,
        revision=row.revision,
        what=row.what,
        owner_id=str(row.owner_id),
        due_on=row.due_on,
    )
    return _action_page(announcement_id, row, own, form)
