"""Writing the briefing and sending it, before or with the public text."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.plugin_api import Conflict, Invalid, Stale, Viewer, allow, get_viewer, now
from plugins.outage_notice.announcements import rules as announcing
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries import get_announcement
from plugins.outage_notice.announcements.queries.records import require_announcer
from plugins.outage_notice.announcements.rules import Status
from plugins.outage_notice.response import actions, queries
from plugins.outage_notice.response.actions.briefing import BriefingTexts
from plugins.outage_notice.response.forms import BriefingForm
from plugins.outage_notice.response.views.blueprint import bp

PARTS = tuple(field.name for field in fields(BriefingTexts))


@bp.route("/announcements/<int:announcement_id>/briefing", methods=["GET", "POST"])
@allow("technician")
def briefing(announcement_id: int) -> ResponseReturnValue:
    viewer = get_viewer()
    require_announcer(viewer)
    record = get_announcement(viewer, announcement_id)
    if record.status is not Status.draft and not announcing.can_end(record, now()):
        raise Conflict(_("This announcement is over already."))
    row = queries.find_briefing(record.id)
    form = BriefingForm(obj=row, revision=row.revision if row else 0)
    if request.method == "GET":
        return _page(form, record)
    return _save(form, viewer, record)


def _save(form: BriefingForm, viewer: Viewer, record: Announcement) -> ResponseReturnValue:
    if not form.validate():
        return _page(form, record), 422
    send = request.form.get("do") == "send"
    try:
        actions.save_briefing(viewer, record.id, form.texts(), form.revision.data or 0, send=send)
    except Invalid as error:
        form.pin(error)
        return _page(form, record), 422
    except Stale:
        return _compare(form, record, "send" if send else "save"), 412
    flash(_("The briefing is saved.") if not send else _("Agents see the briefing now."))
    return redirect(f"/announcements/{record.id}/{'edit' if record.status is Status.draft else ''}".rstrip("/"))


def _compare(form: BriefingForm, record: Announcement, do: str) -> str:
    """Somebody saved in between: both texts are shown, mine is still in the form, and sending it again is meant."""
    row = queries.find_briefing(record.id)
    theirs = {name: getattr(row, name, "") for name in PARTS}
    mine = {name: form[name].data or "" for name in PARTS}
    differ = [
        {"label": form[name].label.text, "mine": mine[name], "theirs": theirs[name]}
        for name in PARTS
        if mine[name] != theirs[name]
    ]
    form.revision.raw_data, form.revision.data = None, row.revision if row else 0
    return _page(form, record, differ, do)


def _page(form: BriefingForm, record: Announcement, stale: list[dict[str, Any]] | None = None, do: str = "save") -> str:
    row = queries.find_briefing(record.id)
    return render_template(
        "outage_notice/response_briefing.html",
        form=form,
        a=record,
        is_draft=record.status is Status.draft,
        sent_at=row.sent_at if row else None,
        stale=stale,
        do=do,
    )
