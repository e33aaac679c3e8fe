"""Using a playbook: fill the blanks, look at the preview, publish. And its words on the page of an announcement."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from flask import flash, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.plugin_api import Forbidden, Invalid, Viewer, allow, get_viewer, limit, now
from plugins.outage_notice.announcements import rules
from plugins.outage_notice.announcements.forms.words import LEVEL_NAMES
from plugins.outage_notice.announcements.queries import get_full
from plugins.outage_notice.announcements.queries.choices import services_to_choose
from plugins.outage_notice.announcements.rules import Kind
from plugins.outage_notice.announcements.views.preview import aside_of
from plugins.outage_notice.audiences.queries import total_people
from plugins.outage_notice.playbooks import actions, queries
from plugins.outage_notice.playbooks.forms import UseForm, use_form
from plugins.outage_notice.playbooks.models import Playbook
from plugins.outage_notice.playbooks.rules import Content, blanks_in, fill
from plugins.outage_notice.playbooks.views.blueprint import bp


@bp.route("/playbooks/<int:playbook_id>/use", methods=["GET", "POST"])
@allow("technician")
def use(playbook_id: int) -> ResponseReturnValue:
    viewer, moment = get_viewer(), now()
    row = queries.get_to_declare(viewer, playbook_id)
    form = _form(row, viewer, moment)
    if request.method == "GET":
        return _page(form, viewer, row, moment)
    if not form.validate():
        return _page(form, viewer, row, moment), 422
    try:
        return _carry_out(form, viewer, row, moment)
    except Invalid as error:
        form.pin(error)
        return _page(form, viewer, row, moment), 422
    except Forbidden as error:  # such as people out of reach: what was written stays on the page
        form.form_errors = [error.message]
        return _page(form, viewer, row, moment), error.status


@bp.post("/playbooks/<int:playbook_id>/preview")
@allow("technician")
@limit("120/minute")
def preview(playbook_id: int) -> ResponseReturnValue:
    """The parts beside the form as HTML, for the script of the page."""
    viewer, moment = get_viewer(), now()
    form = _form(queries.get_to_declare(viewer, playbook_id), viewer, moment)
    form.validate()
    aside = _aside(form, viewer, moment)
    parts = {
        name: render_template(f"outage_notice/composer_{name}.html", **aside)
        for name in ("check", "count", "banner", "reply", "plan")
    }
    return jsonify(
        parts=parts,
        publish=aside["publish_label"],
        seen=aside["check"].key,
        needs_number=aside["check"].needs_number,
        to_look_at=aside["to_look_at"],
        suggestion=aside["suggestion"],
    )


def _form(row: Playbook, viewer: Viewer, moment: datetime) -> UseForm:
    """The address may bring a service, such as from a group of tickets."""
    services = services_to_choose()
    content = queries.content_of(row)
    wanted = request.args.get("service", "")
    named = [id for id, _name in services if str(id) == wanted]
    found = named[0] if named else queries.find_service(content.service_words, services)
    return use_form(content, viewer, moment, services, found)


def _aside(form: UseForm, viewer: Viewer, moment: datetime) -> dict[str, Any]:
    aside = aside_of(cast(Any, form), viewer, moment, None)
    effects = [service.effect for service in aside["draft"].services]
    suggested = rules.suggest_severity(aside["forecast"].people, effects, total_people(), aside["draft"].kind)
    return aside | {"suggestion": _("Suggested by impact: %(level)s", level=LEVEL_NAMES[suggested])}


def _carry_out(form: UseForm, viewer: Viewer, row: Playbook, moment: datetime) -> ResponseReturnValue:
    if request.form.get("do") != "publish":
        saved = actions.start_from_playbook(viewer, row.id, form.draft())
        if form.brief_first.data:
            return redirect(f"/announcements/{saved.id}/briefing")
        flash(_("The draft is saved. Nobody sees it before it is published."))
        return redirect(f"/announcements/{saved.id}/edit")
    asked = _aside(form, viewer, moment)["check"]
    if problems := {**asked.errors, **form.missing()}:
        raise Invalid(problems)
    if not asked.warnings <= set((form.seen.data or "").split(",")):
        return _page(form, viewer, row, moment, asks=True), 422
    saved = actions.publish_from_playbook(viewer, row.id, form.draft(), form.typed_people)
    flash(_("Published.") if not saved.show_from or saved.show_from <= moment else _("Scheduled."))
    return redirect(f"/announcements/{saved.id}")


def _page(form: UseForm, viewer: Viewer, row: Playbook, moment: datetime, *, asks: bool = False) -> str:
    content = queries.content_of(row)
    aside = _aside(form, viewer, moment)
    form.seen.raw_data, form.seen.data = None, aside["check"].key
    return render_template(
        "outage_notice/playbook_use.html",
        form=form,
        row=row,
        content=content,
        languages=list(content.languages()),
        is_maintenance=content.kind is Kind.maintenance,
        asks=asks,
        **aside,
    )


def room_part(announcement_id: int, viewer: Viewer, now: datetime) -> str:
    """Words for the last message of a running outage, in its language, with its service."""
    if not viewer.may_announce:
        return ""
    one = get_full(viewer, announcement_id)
    if one.record.kind is not Kind.incident or not rules.can_end(one.record, now):
        return ""
    name = one.services[0].name if one.services else one.record.title
    texts = [_last_words(queries.content_of(row), one.record.locale, name) for row in queries.closing_texts(viewer)]
    return render_template("outage_notice/playbooks_room.html", texts=texts[:3], a=one.record) if texts else ""


def _last_words(content: Content, locale: str, service: str) -> str:
    texts = content.languages().get(locale, content.texts)
    defaults = {blank.name: blank.defaults.get(locale, "") for blank in content.blanks}
    filled = fill(texts.description or texts.title, defaults | {"service": service})
    return filled if not blanks_in(filled) else fill(texts.title, defaults | {"service": service})
