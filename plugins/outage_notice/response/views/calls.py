""" "I have it", and who does what."""

from __future__ import annotations

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.plugin_api import Invalid, allow, get_viewer, now, safe_next
from plugins.outage_notice.announcements.queries import get_announcement
from plugins.outage_notice.response import actions, queries
from plugins.outage_notice.response.rules import Duty
from plugins.outage_notice.response.views.blueprint import WORDS, bp
from plugins.outage_notice.response.views.slots import draw_bars, draw_briefings


@bp.get("/outages/attention")
@allow("agent")
def attention() -> str:
    """What waits for this person now: calls, promises, new briefings, as HTML for the script of every page of the
    staff. `?side=queue`: also the briefings beside the queue.
    """
    moment, beside_queue = now(), request.args.get("side") == "queue"
    side = draw_briefings(moment) if beside_queue else ""
    return draw_bars(get_viewer(), moment, beside_queue=beside_queue) + side


@bp.get("/announcements/<int:announcement_id>/call")
@allow("agent")
def call(announcement_id: int) -> str:
    """Where the mail leads: what it is, what to do first, and the button."""
    viewer = get_viewer()
    record = get_announcement(viewer, announcement_id)
    mine = next((one.call for one in queries.calls_of(record.id) if one.call.user_id == viewer.id), None)
    briefing = queries.find_shown_briefing(record.id)
    return render_template("outage_notice/response_call.html", a=record, call=mine, briefing=briefing, **WORDS)


@bp.post("/announcements/<int:announcement_id>/call")
@allow("agent")
def answer(announcement_id: int) -> ResponseReturnValue:
    actions.answer_call(get_viewer(), announcement_id)
    flash(_("You have it. The others see it."))
    return _back(announcement_id)


@bp.post("/announcements/<int:announcement_id>/duties")
@allow("agent")
def duties(announcement_id: int) -> ResponseReturnValue:
    """Take a duty over, or hand it to somebody."""
    viewer, wanted, taker = get_viewer(), request.form.get("duty", ""), request.form.get("user_id", "")
    get_announcement(viewer, announcement_id)
    try:
        if wanted not in tuple(Duty):
            raise Invalid({"duty": _("Choose what it is about.")})
        if not taker:
            actions.take_duty(viewer, announcement_id, Duty(wanted))
        elif taker.isascii() and taker.isdecimal() and len(taker) < 10:
            actions.hand_over(viewer, announcement_id, Duty(wanted), int(taker))
        else:
            raise Invalid({"user_id": _("Choose somebody of the staff.")})
    except Invalid as error:
        flash(next(iter(error.fields.values()))[0], "error")
        return _back(announcement_id)
    flash(_("Saved. It stands in the timeline."))
    return _back(announcement_id)


@bp.post("/announcements/<int:announcement_id>/checklist")
@allow("agent")
def checklist(announcement_id: int) -> ResponseReturnValue:
    """Tick a line off, or take the tick back."""
    line = request.form.get("line", "")
    is_number = line.isascii() and line.isdecimal() and len(line) < 4
    try:
        actions.tick(
            get_viewer(), announcement_id, int(line) if is_number else -1, is_done=request.form.get("do") != "undo"
        )
    except Invalid as error:
        flash(next(iter(error.fields.values()))[0], "error")
    return _back(announcement_id)


def _back(announcement_id: int) -> ResponseReturnValue:
    wanted = request.form.get("back", "")
    return redirect(safe_next(wanted) if wanted else f"/announcements/{announcement_id}", 303)
