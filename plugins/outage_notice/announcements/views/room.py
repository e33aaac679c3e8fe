"""The page of one announcement: where it stands, what is said next, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.plugin_api import Conflict, Invalid, Stale, Viewer, allow, get_viewer, now
from plugins.outage_notice.announcements import actions, queries, rules
from plugins.outage_notice.announcements.forms import EndForm, ReopenForm, ResolveForm, UpdateForm
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries.records import require_announcer
from plugins.outage_notice.announcements.rules import Status, TicketAction
from plugins.outage_notice.announcements.views.blueprint import bp
from plugins.outage_notice.announcements.views.room_facts import RoomFacts, room_facts

# What each ending is called in addresses, which form it needs, and the action behind it.
Act = Callable[..., Announcement]
ACTS: dict[str, tuple[type[Any], Act]] = {
    "resolve": (ResolveForm, actions.resolve),
    "cancel": (EndForm, actions.cancel),
    "withdraw": (EndForm, actions.withdraw),
    "reopen": (ReopenForm, actions.reopen),
}


@bp.get("/announcements/<int:announcement_id>")
@allow("requester")
def show(announcement_id: int) -> ResponseReturnValue:
    viewer = get_viewer()
    if not viewer.is_staff:
        queries.get_notice(viewer, announcement_id, now())  # or there is no such page
        return redirect(f"/notices/{announcement_id}")
    return _page(viewer, announcement_id)


@bp.post("/announcements/<int:announcement_id>/update")
@allow("technician")
def update(announcement_id: int) -> ResponseReturnValue:
    viewer = get_viewer()
    facts = room_facts(viewer, announcement_id, now())
    form = _update_form(facts)
    if not form.validate():
        return _page(viewer, announcement_id, form), 422
    is_public = request.form.get("do") != "note"
    try:
        new = form.new_update(is_public=is_public)
        actions.post_update(viewer, announcement_id, new, form.revision.data if is_public else None)
    except Invalid as error:
        form.pin(error)
        return _page(viewer, announcement_id, form), 422
    except (Stale, Conflict) as error:
        return _again(viewer, announcement_id, form, error)
    flash(_("The update is posted.") if is_public else _("The note is saved. Only staff see it."))
    return redirect(f"/announcements/{announcement_id}")


def _again(viewer: Viewer, announcement_id: int, form: UpdateForm, error: Stale | Conflict) -> ResponseReturnValue:
    """The page as it is now, with what was typed: sending it once more is meant."""
    form.form_errors = [
        _("Somebody changed this in the meantime. Look at the timeline, then post yours once more.")
        if isinstance(error, Stale)
        else error.message
    ]
    form.revision.raw_data = None
    form.revision.data = queries.get_announcement(viewer, announcement_id).revision
    return _page(viewer, announcement_id, form), error.status


@bp.route("/announcements/<int:announcement_id>/<any(resolve, cancel, withdraw, reopen):act>", methods=["GET", "POST"])
@allow("technician")
def end(announcement_id: int, act: str) -> ResponseReturnValue:
    viewer = get_viewer()
    require_announcer(viewer)
    facts = room_facts(viewer, announcement_id, now())
    form_class, action = ACTS[act]
    form = form_class(revision=facts.record.revision)
    if request.method == "GET":
        return render_template("outage_notice/room_act.html", act=act, form=form, room=facts)
    if not form.validate():
        return render_template("outage_notice/room_act.html", act=act, form=form, room=facts), 422
    more = _resolution(form) if act == "resolve" else {}
    try:
        action(viewer, announcement_id, form.text.data or "", expected_revision=form.revision.data, **more)
    except Invalid as error:
        form.pin(error)
        return render_template("outage_notice/room_act.html", act=act, form=form, room=facts), 422
    except Stale as error:
        form.form_errors = [_("Somebody changed this in the meantime. Look at it, then send yours once more.")]
        form.revision.raw_data, form.revision.data = None, facts.record.revision
        return render_template("outage_notice/room_act.html", act=act, form=form, room=facts), error.status
    flash(_done(act))
    return redirect(f"/announcements/{announcement_id}")


def _resolution(form: Any) -> dict[str, Any]:
    return {"ended_at": form.ended_at.data, "ticket_action": TicketAction(form.tickets.data or TicketAction.solve)}


def _done(act: str) -> str:
    words: dict[str, str] = {
        "resolve": _("It is over. Popups are green, automated replies are back to normal."),
        "cancel": _("Cancelled."),
        "withdraw": _("Withdrawn."),
        "reopen": _("Open again. People are told that it is back."),
    }
    return words[act]


@bp.post("/announcements/<int:announcement_id>/approve")
@allow("technician")
def approve(announcement_id: int) -> ResponseReturnValue:
    actions.approve_must_confirm(get_viewer(), announcement_id, request.form.get("revision", type=int))
    flash(_("Approved. People must confirm from now on."))
    return redirect(f"/announcements/{announcement_id}")


@bp.post("/announcements/<int:announcement_id>/duplicate")
@allow("technician")
def duplicate(announcement_id: int) -> ResponseReturnValue:
    copy = actions.duplicate(get_viewer(), announcement_id)
    flash(_("This is a copy as a draft, without its times."))
    return redirect(f"/announcements/{copy.id}/edit")


@bp.post("/announcements/<int:announcement_id>/delete")
@allow("technician")
def delete(announcement_id: int) -> ResponseReturnValue:
    actions.delete_draft(get_viewer(), announcement_id, request.form.get("revision", type=int))
    flash(_("The draft is deleted."))
    return redirect("/announcements")


def _update_form(facts: RoomFacts) -> UpdateForm:
    record, moment = facts.record, facts.now
    wanted = request.args.get("status", "")
    chosen = wanted if wanted in facts.next_statuses else facts.status.value
    return UpdateForm(
        statuses=facts.next_statuses,
        revision=record.revision,
        status=chosen,
        eta=record.eta if record.eta and record.eta > moment else None,
        next_update_at=record.next_update_at if record.next_update_at and record.next_update_at > moment else None,
    )


def _apart(name: str, form: Any) -> Any:
    """Several forms stand on one page: their controls get ids of their own."""
    for field in form:
        field.id = field.label.field_id = f"{name}-{field.name}"
    return form


def _page(viewer: Viewer, announcement_id: int, form: UpdateForm | None = None) -> str:
    facts = room_facts(viewer, announcement_id, now(), public_only=request.args.get("timeline") == "public")
    may_end = facts.may_write and facts.is_live
    may_reopen = facts.may_write and rules.can_reopen(facts.record, facts.now)
    acts = {
        act: _apart(act, form_class(revision=facts.record.revision, formdata=None))
        for act, (form_class, _action) in ACTS.items()
        if (may_end and act != "reopen") or (may_reopen and act == "reopen")
    }
    return render_template(
        "outage_notice/room.html",
        room=facts,
        form=(form or _apart("update", _update_form(facts))) if may_end else form,
        acts=acts,
        is_draft=facts.record.status is Status.draft,
    )
