"""Canned replies: the search that the reply box asks, and their administration."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.core import clock
from helpdesk.core.errors import Invalid
from helpdesk.hooks.specs import CannedText
from helpdesk.replies import actions, queries
from helpdesk.replies.forms import CannedForm
from helpdesk.tickets.queries import find_visible_ticket
from helpdesk.web.access import allow, get_viewer

bp = Blueprint("canned_replies", __name__)
ADMIN = "/admin/canned-replies"


@bp.get("/canned-replies")
@allow("agent")
def search() -> ResponseReturnValue:
    """{items: [{id, title, body}]} for `?q=`, best first, ten at most. `{name}` in a body is the requester's name.

    With `?ticket=` (a number) those that plugins have for this ticket come first; their id is null.
    """
    words = request.args.get("q", "")[:100]
    own = [{"id": row.id, "title": row.title, "body": row.body} for row in queries.search_canned(words)]
    first = [
        {"id": None, "title": text.title, "body": text.body} for text in _of_ticket() if queries.holds(text, words)
    ]
    return jsonify(items=[*first, *own][: queries.CANNED_SHOWN])


def _of_ticket() -> list[CannedText]:
    number = request.args.get("ticket", "")
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        return []
    viewer = get_viewer()
    ticket = find_visible_ticket(viewer, int(number))
    if ticket is None:
        return []
    plugins = current_app.extensions["helpdesk"].plugins
    answers = plugins.collect("canned_replies", ticket_id=ticket.id, viewer=viewer, now=clock.now())
    return [text for answer in answers for text in answer]


@bp.get(ADMIN)
@allow("administrator")
def list_canned() -> str:
    return render_template("admin/canned.html", rows=queries.list_canned(), form=CannedForm(formdata=None))


@bp.post(ADMIN)
@allow("administrator")
def add_canned() -> ResponseReturnValue:
    form = CannedForm()
    if not _saved(form, None):
        return render_template("admin/canned.html", rows=queries.list_canned(), form=form), 422
    return redirect(url_for("canned_replies.list_canned"))


@bp.get(f"{ADMIN}/<int:canned_id>")
@allow("administrator")
def edit_canned(canned_id: int) -> str:
    row = queries.get_canned(canned_id)
    form = CannedForm(formdata=None, title=row.title, body=row.body)
    return render_template("admin/canned_one.html", row=row, form=form)


@bp.post(f"{ADMIN}/<int:canned_id>")
@allow("administrator")
def save_canned(canned_id: int) -> ResponseReturnValue:
    row, form = queries.get_canned(canned_id), CannedForm()
    if not _saved(form, canned_id):
        return render_template("admin/canned_one.html", row=row, form=form), 422
    return redirect(url_for("canned_replies.list_canned"))


@bp.post(f"{ADMIN}/<int:canned_id>/delete")
@allow("administrator")
def delete_canned(canned_id: int) -> ResponseReturnValue:
    actions.delete_canned(get_viewer(), canned_id)
    flash(_("Deleted."), "ok")
    return redirect(url_for("canned_replies.list_canned"))


def _saved(form: CannedForm, canned_id: int | None) -> bool:
    if not form.validate_on_submit():
        return False
    try:
        actions.save_canned(get_viewer(), canned_id, form.title.data or "", form.body.data or "")
    except Invalid as error:
        form.pin(error)
        return False
    flash(_("Saved."), "ok")
    return True
