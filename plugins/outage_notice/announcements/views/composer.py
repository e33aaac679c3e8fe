"""Writing an announcement: new, a draft, and one that is published."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.plugin_api import Conflict, Invalid, Stale, Viewer, allow, get_viewer, language_for, now
from plugins.outage_notice.announcements import actions, queries, rules
from plugins.outage_notice.announcements.actions.writing import parts_of
from plugins.outage_notice.announcements.forms import ComposerForm
from plugins.outage_notice.announcements.forms.composer import values_of
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries.choices import announcers, services_to_choose
from plugins.outage_notice.announcements.queries.records import require_announcer
from plugins.outage_notice.announcements.rules import TIME_FIELDS, Draft, Kind, ServiceEffect, Severity
from plugins.outage_notice.announcements.views.blueprint import bp, ending_facts, keep_draft_choices
from plugins.outage_notice.announcements.views.compare import differences
from plugins.outage_notice.announcements.views.preview import aside_of
from plugins.outage_notice.announcements.views.rows import target_label
from plugins.outage_notice.audiences import queries as audiences


@bp.route("/announcements/new", methods=["GET", "POST"])
@allow("technician")
def new() -> ResponseReturnValue:
    viewer = get_viewer()
    form = ComposerForm(owners=announcers(), **values_of(_blank(viewer)))
    return _answer(form, viewer, None)


@bp.route("/announcements/<int:announcement_id>/edit", methods=["GET", "POST"])
@allow("technician")
def edit(announcement_id: int) -> ResponseReturnValue:
    viewer = get_viewer()
    require_announcer(viewer)
    record = queries.get_announcement(viewer, announcement_id)
    if record.published_at is not None and not rules.can_end(record, now()):
        raise Conflict(_("This announcement is over already."))
    before = queries.draft_of(record)
    form = ComposerForm(owners=announcers([record.owner_id]), revision=record.revision, **values_of(before))
    return _answer(form, viewer, record)


def _blank(viewer: Viewer) -> Draft:
    """A new announcement; the address may bring a kind, a title and a service, such as from a group of tickets."""
    kind, service = request.args.get("kind", ""), request.args.get("service", "")
    is_id = service.isascii() and service.isdecimal() and len(service) < 10
    return Draft(
        kind=Kind(kind) if kind in tuple(Kind) else Kind.incident,
        severity=Severity.minor if kind == Kind.information else Severity.major,
        title="".join(c for c in request.args.get("title", "")[:200] if c.isprintable()),
        services=(ServiceEffect(int(service)),) if is_id else (),
        locale=language_for(viewer.locale),
        time_zone=viewer.time_zone or "UTC",
        owner_id=viewer.id,
    )


def _answer(form: ComposerForm, viewer: Viewer, record: Announcement | None) -> ResponseReturnValue:
    if request.method == "GET":
        return _page(form, viewer, record)
    if not form.validate():
        return _page(form, viewer, record), 422
    try:
        return _carry_out(form, viewer, record)
    except Invalid as error:
        form.pin(error)
        return _page(form, viewer, record), 422
    except Stale:
        return _compare(form, viewer, record)


def _carry_out(form: ComposerForm, viewer: Viewer, record: Announcement | None) -> ResponseReturnValue:
    if record is not None and record.published_at is not None:
        return _save_published(form, viewer, record)
    if record is not None:
        keep_draft_choices(viewer, record.id)
    if request.form.get("do") != "publish":
        saved = _save_draft(form, viewer, record)
        flash(_("The draft is saved. Nobody sees it before it is published."))
        return redirect(f"/announcements/{saved.id}/edit")
    asked = aside_of(form, viewer, now(), record)["check"]
    if asked.errors:
        raise Invalid(asked.errors)
    if not asked.warnings <= set((form.seen.data or "").split(",")):
        return _page(form, viewer, record, asks=True), 422
    published = _publish(form, viewer, record)
    flash(_("Published.") if not published.show_from or published.show_from <= now() else _("Scheduled."))
    return redirect(f"/announcements/{published.id}")


def _save_draft(form: ComposerForm, viewer: Viewer, record: Announcement | None) -> Announcement:
    if record is None:
        return actions.create_draft(viewer, form.draft())
    return actions.change_draft(
        viewer, record.id, parts_of(_kept_seconds(form.draft(), record)), form.revision.data or 0
    )


def _publish(form: ComposerForm, viewer: Viewer, record: Announcement | None) -> Announcement:
    """What is refused leaves nothing behind: the page still has what was written."""
    if record is None:
        return actions.publish_new(viewer, form.draft(), form.typed_people)
    return actions.publish(
        viewer,
        record.id,
        changes=parts_of(_kept_seconds(form.draft(), record)),
        expected_revision=form.revision.data or 0,
        confirmed_people=form.typed_people,
    )


def _save_published(form: ComposerForm, viewer: Viewer, record: Announcement) -> ResponseReturnValue:
    changes = parts_of(_kept_seconds(form.draft(), record))
    actions.edit_published(
        viewer,
        record.id,
        changes,
        weight=form.chosen_weight,
        expected_revision=form.revision.data or 0,
        confirmed_people=form.typed_people,
    )
    flash(_("The change is saved."))
    return redirect(f"/announcements/{record.id}")


def _kept_seconds(draft: Draft, record: Announcement) -> Draft:
    """The form knows minutes: a time that looks the same as the stored one is the stored one."""
    same: dict[str, datetime] = {}
    for name in TIME_FIELDS:
        chosen, stored = getattr(draft, name), getattr(record, name)
        if (
            chosen
            and stored
            and draft.time_zone == record.time_zone
            and chosen == stored.replace(second=0, microsecond=0)
        ):
            same[name] = stored
    return replace(draft, **same)  # type: ignore[arg-type]


def _compare(form: ComposerForm, viewer: Viewer, record: Announcement | None) -> ResponseReturnValue:
    """Somebody saved in between: both texts, and mine can be saved over it."""
    assert record is not None
    theirs = queries.draft_of(queries.get_announcement(viewer, record.id))
    form.revision.raw_data = None
    form.revision.data = record.revision
    return _page(form, viewer, record, stale=differences(form.draft(), theirs)), 412


def _page(
    form: ComposerForm, viewer: Viewer, record: Announcement | None, *, asks: bool = False, stale: Any = None
) -> str:
    moment = now()
    aside = aside_of(form, viewer, moment, record)
    names = audiences.target_names(form.audience.data)
    form.seen.raw_data, form.seen.data = None, aside["check"].key
    return render_template(
        "outage_notice/composer.html",
        form=form,
        record=record,
        is_published=record is not None and record.published_at is not None,
        services=services_to_choose(row.service_id for row in form.services.data),
        audience_items=[
            {"kind": t.kind.value, "id": t.id or "", "label": target_label(t, names)} for t in form.audience.data
        ],
        audience_options=audiences.department_options(viewer),
        may_everyone=not audiences.reach_of(viewer).is_limited,
        asks=asks,
        stale=stale,
        mailed=ending_facts(record.id)["mailed"] if record is not None and record.published_at is not None else 0,
        **aside,
    )
