"""Buttons: follow an outage, link tickets, take them out."""

from __future__ import annotations

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.plugin_api import HelpdeskError, allow, get_viewer
from plugins.outage_notice.announcements.queries import live_by_ids
from plugins.outage_notice.outages import actions
from plugins.outage_notice.outages.views.blueprint import back_to, bp, numbers_of_form, say_results
from plugins.outage_notice.outages.views.form_notices import draw_followed


@bp.post("/outages/<int:announcement_id>/follow")
@allow("requester")
def follow(announcement_id: int) -> ResponseReturnValue:
    """Follow instead of writing a ticket. The script of the form gets the piece that stands there now."""
    actions.follow(get_viewer(), announcement_id)
    if request.args.get("fragment"):
        return draw_followed(live_by_ids([announcement_id])[0])
    flash(_("You follow OUT-%(id)s. We write when it works.", id=announcement_id), "ok")
    return redirect(back_to(f"/notices/{announcement_id}"), 303)


@bp.post("/outages/<int:announcement_id>/unfollow")
@allow("requester")
def unfollow(announcement_id: int) -> ResponseReturnValue:
    if actions.unfollow(get_viewer(), announcement_id):
        flash(_("You no longer follow OUT-%(id)s.", id=announcement_id), "ok")
    return redirect(back_to("/notices"), 303)


@bp.post("/outages/link")
@allow("agent")
def link() -> ResponseReturnValue:
    """Link the chosen tickets to the chosen outage, from the queue, a ticket or the outage's page."""
    chosen = request.form.get("announcement_id", "")
    if not (chosen.isascii() and chosen.isdecimal() and len(chosen) < 10):
        flash(_("Choose the outage first."), "error")
        return redirect(back_to("/tickets"), 303)
    try:
        say_results(actions.link_tickets(get_viewer(), int(chosen), numbers_of_form()), "linked")
    except HelpdeskError as error:
        if error.status == 404:
            raise
        flash(str(error.message), "error")
    return redirect(back_to("/tickets"), 303)


@bp.post("/outages/unlink")
@allow("agent")
def unlink() -> ResponseReturnValue:
    """Take the chosen tickets out of their outage, or refuse suggestions."""
    try:
        say_results(actions.unlink_tickets(get_viewer(), numbers_of_form()), "unlinked")
    except HelpdeskError as error:
        flash(str(error.message), "error")
    return redirect(back_to("/tickets"), 303)


@bp.post("/outages/wait")
@allow("agent")
def wait() -> ResponseReturnValue:
    """Let a ticket wait with the others again."""
    numbers = numbers_of_form()
    actions.wait_again(get_viewer(), numbers[0] if numbers else 0)
    flash(_("It waits for the outage again."), "ok")
    return redirect(back_to(f"/tickets/{numbers[0]}"), 303)
