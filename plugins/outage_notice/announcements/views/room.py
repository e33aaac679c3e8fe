"""The page of one announcement: where it stands, and what is said next."""

from __future__ import annotations

from collections.abc import Sequence

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.plugin_api import Conflict, Invalid, Stale, Viewer, allow, get_viewer, now
from plugins.outage_notice.announcements import actions, queries
from plugins.outage_notice.announcements.forms import UpdateForm
from plugins.outage_notice.announcements.rules import Status
from plugins.outage_notice.announcements.views.blueprint import bp
from plugins.outage_notice.announcements.views.ending import act_forms, apart
from plugins.outage_notice.announcements.views.room_facts import RoomFacts, room_facts


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
    """The page as it is now, with what was typed and what others said meanwhile: sending it once more is meant."""
    form.form_errors = [
        _("Somebody changed this in the meantime. Compare both texts, then post yours once more.")
        if isinstance(error, Stale)
        else error.message
    ]
    others = queries.entries_since(announcement_id, form.revision.data or 0) if isinstance(error, Stale) else ()
    form.revision.raw_data = None
    form.revision.data = queries.get_announcement(viewer, announcement_id).revision
    return _page(viewer, announcement_id, form, others), error.status


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
        correct_eta=True,
    )


def _page(
    viewer: Viewer, announcement_id: int, form: UpdateForm | None = None, others: Sequence[queries.Entry] = ()
) -> str:
    facts = room_facts(viewer, announcement_id, now(), public_only=request.args.get("timeline") == "public")
    may_end = facts.may_write and facts.is_live
    return render_template(
        "outage_notice/room.html",
        room=facts,
        form=(form or apart("update", _update_form(facts))) if may_end else form,
        others=others,
        acts=act_forms(viewer, facts),
        is_draft=facts.record.status is Status.draft,
    )
