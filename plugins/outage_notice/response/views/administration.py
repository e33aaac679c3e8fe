"""Administration → promises: the targets of each level, of departments that agreed on others, and who is told last."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.plugin_api import HelpdeskError, Invalid, allow, get_viewer
from plugins.outage_notice.audiences.queries import department_options
from plugins.outage_notice.response import actions, queries
from plugins.outage_notice.response.forms import TARGET_NAMES, TargetsForm
from plugins.outage_notice.response.queries.calls import staff_to_call
from plugins.outage_notice.response.queries.policies import chosen_managers, department_names
from plugins.outage_notice.response.rules import DEFAULT_TARGETS, Targets
from plugins.outage_notice.response.views.blueprint import WORDS, bp

LEVELS = (1, 2, 3, 4)


@bp.route("/admin/promises", methods=["GET", "POST"])
@allow("administrator")
def promises() -> ResponseReturnValue:
    """The targets for everybody, or with `?department=` those of one department."""
    department_id = _id_of(request.args.get("department", ""))
    form = TargetsForm(**_values(_present(department_id)))
    if request.method == "GET":
        return _page(form, department_id)
    if not form.validate():
        return _page(form, department_id), 422
    try:
        actions.change_targets(get_viewer(), department_id, {level: _targets(form, level) for level in LEVELS})
    except Invalid as error:
        form.form_errors = [message for messages in error.fields.values() for message in messages]
        return _page(form, department_id), 422
    flash(_("The targets are saved."))
    return redirect(request.full_path.rstrip("?"), 303)


@bp.post("/admin/promises/departments/<int:department_id>/delete")
@allow("administrator")
def drop(department_id: int) -> ResponseReturnValue:
    actions.drop_department(get_viewer(), department_id)
    flash(_("The targets for all hold for this department again."))
    return redirect("/admin/promises", 303)


@bp.post("/admin/promises/management")
@allow("administrator")
def management() -> ResponseReturnValue:
    """Who is told last when a promise stays late."""
    ids = [id for text in request.form.getlist("user_id")[:200] if (id := _id_of(text)) is not None]
    try:
        actions.change_managers(get_viewer(), ids)
    except HelpdeskError as error:
        flash(str(next(iter(getattr(error, "fields", {}).values()), [error.message])[0]), "error")
        return redirect("/admin/promises", 303)
    flash(_("Saved."))
    return redirect("/admin/promises", 303)


def _id_of(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _present(department_id: int | None) -> dict[int, Targets]:
    if department_id is None:
        return queries.general_targets()
    return dict.fromkeys(LEVELS, Targets()) | queries.department_policies().get(department_id, {})


def _values(present: dict[int, Targets]) -> dict[str, Any]:
    return {f"l{level}_{name}": getattr(present[level], name) for level in LEVELS for name in TARGET_NAMES}


def _targets(form: TargetsForm, level: int) -> Targets:
    return Targets(**{name: form[f"l{level}_{name}"].data for name in TARGET_NAMES})


def _page(form: TargetsForm, department_id: int | None) -> str:
    agreed = queries.department_policies()
    names = department_names([*agreed, *([department_id] if department_id else [])])
    return render_template(
        "outage_notice/response_admin.html",
        form=form,
        levels=LEVELS,
        target_names=TARGET_NAMES,
        defaults=DEFAULT_TARGETS,
        department_id=department_id,
        department_name=names.get(department_id or 0, ""),
        agreed={id: names.get(id, "") for id in agreed},
        departments=department_options(get_viewer()),
        staff=staff_to_call(),
        managers=chosen_managers(),
        **WORDS,
    )
