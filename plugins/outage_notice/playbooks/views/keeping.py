"""The list of playbooks, and the form of each."""

from __future__ import annotations

from dataclasses import fields

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.plugin_api import Invalid, Stale, Viewer, allow, get_viewer, language_for, now
from plugins.outage_notice.announcements.queries.choices import announcers, services_to_choose
from plugins.outage_notice.announcements.queries.records import require_announcer
from plugins.outage_notice.announcements.views.rows import audience_summary, style_of, target_label
from plugins.outage_notice.audiences import queries as audiences
from plugins.outage_notice.playbooks import actions, queries
from plugins.outage_notice.playbooks.forms import PlaybookForm, values_of
from plugins.outage_notice.playbooks.models import Playbook
from plugins.outage_notice.playbooks.rules import Content, Purpose
from plugins.outage_notice.playbooks.views.blueprint import bp
from plugins.outage_notice.playbooks.views.compare import differences
from plugins.outage_notice.response.queries.calls import staff_to_call, teams_to_call, times_used

EMPTY_ROWS = 3


@bp.get("/playbooks")
@allow("technician")
def index() -> str:
    viewer, moment = get_viewer(), now()
    rows = queries.list_playbooks(viewer)
    names = announcers([row.owner_id for row in rows])
    used = times_used([row.id for row in rows])
    targets = {row.id: queries.content_of(row).audience for row in rows}
    known = audiences.target_names(dict.fromkeys(t for found in targets.values() for t in found))
    return render_template(
        "outage_notice/playbooks.html",
        groups=[
            (purpose, [row for row in rows if row.purpose is purpose]) for purpose in (Purpose.declare, Purpose.resolve)
        ],
        audience_of={id: audience_summary(found, known) if found else None for id, found in targets.items()},
        owners=names,
        used=used,
        style_of=style_of,
        today=moment.date(),
    )


@bp.route("/playbooks/new", methods=["GET", "POST"])
@allow("technician")
def new() -> ResponseReturnValue:
    viewer = get_viewer()
    require_announcer(viewer)
    blank = Content(owner_id=viewer.id, locale=language_for(viewer.locale))
    return _answer(PlaybookForm(owners=announcers(), **values_of(blank)), viewer, None)


@bp.route("/playbooks/<int:playbook_id>", methods=["GET", "POST"])
@allow("technician")
def show(playbook_id: int) -> ResponseReturnValue:
    viewer = get_viewer()
    row = queries.get_playbook(viewer, playbook_id)
    content = queries.content_of(row)
    form = PlaybookForm(owners=announcers([row.owner_id]), revision=row.revision, **values_of(content))
    return _answer(form, viewer, row)


@bp.post("/playbooks/<int:playbook_id>/delete")
@allow("technician")
def delete(playbook_id: int) -> ResponseReturnValue:
    actions.delete_playbook(get_viewer(), playbook_id, request.form.get("revision", type=int))
    flash(_("The playbook is deleted."))
    return redirect("/playbooks")


def _answer(form: PlaybookForm, viewer: Viewer, row: Playbook | None) -> ResponseReturnValue:
    if request.method == "GET":
        return _page(form, row)
    if not form.validate():
        return _page(form, row), 422
    try:
        saved = _save(form, viewer, row)
    except Invalid as error:
        form.pin(error)
        return _page(form, row), 422
    except Stale:
        return _compare(form, viewer, row)
    flash(_("The playbook is saved."))
    return redirect(f"/playbooks/{saved.id}")


def _save(form: PlaybookForm, viewer: Viewer, row: Playbook | None) -> Playbook:
    content = form.content()
    if row is None:
        return actions.create_playbook(viewer, content)
    changes = {field.name: getattr(content, field.name) for field in fields(Content)}
    return actions.change_playbook(viewer, row.id, changes, form.revision.data or 0)


def _compare(form: PlaybookForm, viewer: Viewer, row: Playbook | None) -> ResponseReturnValue:
    """Somebody saved in between: both are shown, what was typed stays, and saving it once more is meant."""
    assert row is not None
    now_saved = queries.get_playbook(viewer, row.id)
    form.revision.raw_data, form.revision.data = None, now_saved.revision
    return _page(form, row, differences(form, queries.content_of(now_saved))), 412


def _page(form: PlaybookForm, row: Playbook | None, stale: list[dict[str, str]] | None = None) -> str:
    names = audiences.target_names(form.audience.data)
    items = [{"kind": t.kind.value, "id": t.id or "", "label": target_label(t, names)} for t in form.audience.data]
    return render_template(
        "outage_notice/playbook.html",
        form=form,
        row=row,
        stale=stale,
        audience_items=items,
        services=services_to_choose(s.service_id for s in form.services.data),
        staff=staff_to_call(),
        teams=teams_to_call(),
        empty_rows=EMPTY_ROWS,
        is_declaring=row is None or row.purpose is Purpose.declare,
    )
