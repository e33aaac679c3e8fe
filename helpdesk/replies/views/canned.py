"""Canned replies: the search that the reply box asks, and their administration."""

from __future__ import annotations

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.core.errors import Invalid
from helpdesk.replies import actions, queries
from helpdesk.replies.forms import CannedForm
from helpdesk.web.access import allow, get_viewer

bp = Blueprint("canned_replies", __name__)
ADMIN = "/admin/canned-replies"


@bp.get("/canned-replies")
@allow("agent")
def search() -> ResponseReturnValue:
    """{items: [{id, title, body}]} for `?q=`, best first, ten at most. `{name}` in a body is the requester's name."""
    found = queries.search_canned(request.args.get("q", "")[:100])
    return jsonify(items=[{"id": row.id, "title": row.title, "body": row.body} for row in found])


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
