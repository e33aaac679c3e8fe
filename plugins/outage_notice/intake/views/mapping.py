"""The rules that say which service an alert means."""

from __future__ import annotations

from flask import flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.plugin_api import Invalid, Stale, allow, get_viewer
from plugins.outage_notice.announcements.queries.choices import services_to_choose
from plugins.outage_notice.announcements.queries.records import require_announcer
from plugins.outage_notice.intake import actions, queries
from plugins.outage_notice.intake.forms import RuleForm
from plugins.outage_notice.intake.models import AlertRule
from plugins.outage_notice.intake.views.blueprint import bp

LIST = "/announcements/alerts/rules"


@bp.get("/announcements/alerts/rules")
@allow("technician")
def list_rules() -> ResponseReturnValue:
    return render_template("outage_notice/alert_rules.html", rows=queries.list_rules(get_viewer()))


@bp.route("/announcements/alerts/rules/new", methods=["GET", "POST"])
@allow("technician")
def new_rule() -> ResponseReturnValue:
    return _answer(None)


@bp.route("/announcements/alerts/rules/<int:rule_id>", methods=["GET", "POST"])
@allow("technician")
def edit_rule(rule_id: int) -> ResponseReturnValue:
    return _answer(queries.get_rule(get_viewer(), rule_id))


@bp.post("/announcements/alerts/rules/<int:rule_id>/delete")
@allow("technician")
def delete_rule(rule_id: int) -> ResponseReturnValue:
    actions.delete_rule(get_viewer(), rule_id)
    flash(_("The rule is deleted."), "ok")
    return redirect(LIST, 303)


def _answer(row: AlertRule | None) -> ResponseReturnValue:
    viewer = get_viewer()
    require_announcer(viewer)
    form = _form(row)
    if not form.is_submitted():
        return _page(form, row)
    if not form.validate():
        return _page(form, row), 422
    try:
        actions.save_rule(viewer, None if row is None else row.id, form.rule(), form.revision.data if row else None)
    except Invalid as error:
        form.pin(error)
        return _page(form, row), 422
    except Stale as error:
        form.form_errors = [error.message]
        form.revision.raw_data, form.revision.data = None, row.revision if row else None
        return _page(form, row), error.status
    flash(_("The rule is saved."), "ok")
    return redirect(LIST, 303)


def _form(row: AlertRule | None) -> RuleForm:
    if row is None:
        form = RuleForm()
        form.offer(services_to_choose(()))
        return form
    values = {name: getattr(row, name) for name in ("name", "matchers", "publishes", "is_active", "position")}
    values |= {"effect": row.effect.value, "audience": row.audience.value, "service_id": str(row.service_id)}
    form = RuleForm(severity="" if row.severity is None else str(row.severity), revision=row.revision, **values)
    form.offer(services_to_choose([row.service_id]))
    return form


def _page(form: RuleForm, row: AlertRule | None) -> str:
    return render_template("outage_notice/alert_rule.html", form=form, rule=row)
