"""Reply to all: the form, and what became of each ticket."""

from __future__ import annotations

import uuid

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from helpdesk.plugin_api import Conflict, Invalid, allow, get_viewer
from plugins.outage_notice.announcements.queries import get_announcement
from plugins.outage_notice.outages.actions import start_reply
from plugins.outage_notice.outages.forms import ReplyForm
from plugins.outage_notice.outages.queries.broadcasts import audience_of_reply, get_broadcast, items_of, results_of
from plugins.outage_notice.outages.queries.links import name_of
from plugins.outage_notice.outages.rules import TEXT_LIMIT
from plugins.outage_notice.outages.views.blueprint import bp

PAGE = 200
IN_TICKET = "body"  # what was written in the reply box of one ticket: it is shown once more before all get it


@bp.get("/announcements/<int:announcement_id>/reply")
@allow("agent")
def show_reply(announcement_id: int) -> ResponseReturnValue:
    return _page(announcement_id, ReplyForm(formdata=None, key=uuid.uuid4().hex))


@bp.post("/announcements/<int:announcement_id>/reply")
@allow("agent")
def send_reply(announcement_id: int) -> ResponseReturnValue:
    if IN_TICKET in request.form:
        text = request.form[IN_TICKET][:TEXT_LIMIT]
        return _page(announcement_id, ReplyForm(formdata=None, key=uuid.uuid4().hex, text=text))
    form = ReplyForm()
    if not form.validate():
        return _page(announcement_id, form), 422
    try:
        started = start_reply(get_viewer(), announcement_id, form.text.data or "", form.key.data or "")
    except (Invalid, Conflict) as error:
        form.pin(error if isinstance(error, Invalid) else Invalid(error.message))
        return _page(announcement_id, form), error.status
    return redirect(f"/announcements/{announcement_id}/replies/{started.id}", 303)


def _page(announcement_id: int, form: ReplyForm) -> str:
    record = get_announcement(get_viewer(), announcement_id)
    return render_template(
        "outage_notice/outages_reply.html",
        a=record,
        form=form,
        audience=audience_of_reply(record.id),
        limit=TEXT_LIMIT,
    )


@bp.get("/announcements/<int:announcement_id>/replies/<int:broadcast_id>")
@allow("agent")
def show_results(announcement_id: int, broadcast_id: int) -> ResponseReturnValue:
    """What became of each ticket. While some wait for their turn, the page asks again by itself."""
    record = get_announcement(get_viewer(), announcement_id)
    broadcast = get_broadcast(record.id, broadcast_id)
    after = request.args.get("after", "")
    start = int(after) if after.isascii() and after.isdecimal() and len(after) < 10 else None
    items = items_of(broadcast.id, start, PAGE + 1)
    return render_template(
        "outage_notice/outages_results.html",
        a=record,
        broadcast=broadcast,
        author=name_of(broadcast.author_id),
        counts=results_of(broadcast.id),
        items=[item for _id, item in items[:PAGE]],
        next_id=items[PAGE - 1][0] if len(items) > PAGE else None,
    )
