"""Automated replies as pages, for administrators: which are on, and what they say in each language."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.core.errors import Invalid, NotFound, Stale
from helpdesk.replies import actions, queries, rendering, rules, shipped
from helpdesk.replies.forms import EVENT_LABELS, SwitchForm, TemplateForm
from helpdesk.replies.models import ReplyEvent
from helpdesk.replies.rules import Text
from helpdesk.web.access import allow, get_viewer

bp = Blueprint("replies", __name__, url_prefix="/admin/replies")


def _event(name: str) -> ReplyEvent:
    try:
        return ReplyEvent(name)
    except ValueError as error:
        raise NotFound(_("There is no such automated reply.")) from error


def _preview(event: ReplyEvent, locale: str, text: Text) -> Text:
    return rules.fill(text, rendering.sample_blanks(event, locale, get_viewer().name))


@bp.get("")
@allow("administrator")
def list_replies() -> str:
    rows = [(event, EVENT_LABELS[event.value], queries.is_on(event)) for event in ReplyEvent]
    return render_template("admin/replies.html", rows=rows, edited=queries.edited(), languages=shipped.LANGUAGE_NAMES)


@bp.post("/<name>/switch")
@allow("administrator")
def switch_reply(name: str) -> ResponseReturnValue:
    form = SwitchForm()
    actions.switch_reply(get_viewer(), _event(name), form.wants_on)
    flash(_("This reply is on.") if form.wants_on else _("This reply is off."), "ok")
    return redirect(url_for("replies.list_replies"))


@bp.get("/<name>/<locale>")
@allow("administrator")
def edit_template(name: str, locale: str) -> str:
    template = queries.get_template(_event(name), locale)
    form = TemplateForm(
        formdata=None, subject=template.text.subject, body=template.text.body, revision=template.revision
    )
    return _page(form, template)


@bp.post("/<name>/<locale>")
@allow("administrator")
def save_template(name: str, locale: str) -> ResponseReturnValue:
    template, form = queries.get_template(_event(name), locale), TemplateForm()
    if "preview" in request.form:
        return _page(form, template)
    if not form.validate():
        return _page(form, template), 422
    try:
        actions.save_template(get_viewer(), template.event, locale, form.as_text(), form.revision.data or 0)
    except Invalid as error:
        form.pin(error)
        return _page(form, template), 422
    except Stale as error:
        form.revision.data, form.revision.raw_data = error.current["revision"], None
        return _page(form, template, others=Text(error.current["subject"], error.current["body"])), error.status
    flash(_("Saved. From now on this text is sent."), "ok")
    return redirect(url_for("replies.list_replies"))


@bp.post("/<name>/<locale>/preview")
@allow("administrator")
def preview_template(name: str, locale: str) -> ResponseReturnValue:
    """The text with a sample ticket, for the page's script: {subject, body, unknown}."""
    template, form = queries.get_template(_event(name), locale), TemplateForm()
    shown = _preview(template.event, locale, form.as_text())
    unknown = rules.unknown_blanks(f"{form.subject.data}\n{form.body.data}", name)
    return jsonify(subject=shown.subject, body=shown.body, unknown=unknown)


@bp.post("/<name>/<locale>/reset")
@allow("administrator")
def reset_template(name: str, locale: str) -> ResponseReturnValue:
    actions.reset_template(get_viewer(), _event(name), locale)
    flash(_("The original text is back."), "ok")
    return redirect(url_for("replies.edit_template", name=name, locale=locale))


def _page(form: TemplateForm, template: queries.Template, **more: Any) -> str:
    return render_template(
        "admin/reply.html",
        form=form,
        template=template,
        title=EVENT_LABELS[template.event.value],
        language=shipped.LANGUAGE_NAMES[template.locale],
        blanks=rules.BLANKS[template.event.value],
        shown=_preview(template.event, template.locale, form.as_text()),
        **more,
    )
