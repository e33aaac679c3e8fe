"""Administration of the department tree and of teams."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.accounts import actions, queries
from helpdesk.accounts.forms import DepartmentForm, TeamForm, differences, read_revision
from helpdesk.accounts.models import Department
from helpdesk.accounts.rules import parse_path
from helpdesk.core.errors import Conflict, Invalid, Stale
from helpdesk.hooks.specs import MenuLink
from helpdesk.web.access import allow, get_viewer

bp = Blueprint("accounts_departments", __name__, url_prefix="/admin/departments")
teams = Blueprint("accounts_teams", __name__, url_prefix="/admin/teams")
ADMIN_LINKS = (
    MenuLink("departments", _l("Departments"), "/admin/departments", "building"),
    MenuLink("teams", _l("Teams"), "/admin/teams", "user"),
)


def _tree_page(form: DepartmentForm, status: int = 200) -> ResponseReturnValue:
    tree = queries.departments()
    page = render_template(
        "admin/departments.html",
        tree=[(row, len(parse_path(row.path))) for row in tree],
        counts=queries.people_by_department(),
        form=form.offer(tree),
    )
    return page, status


@bp.get("")
@allow("administrator")
def list_departments() -> ResponseReturnValue:
    return _tree_page(DepartmentForm(formdata=None))


@bp.post("")
@allow("administrator")
def create() -> ResponseReturnValue:
    form = DepartmentForm().offer(queries.departments())
    if form.validate_on_submit():
        try:
            actions.create_department(get_viewer(), form.name.data, form.parent_id.data)
            flash(_("%(name)s is added.", name=form.name.data))
            return redirect(url_for(".list_departments"))
        except Invalid as error:
            form.pin(error)
    return _tree_page(form, 422)


def _page(
    department: Department, form: DepartmentForm, status: int = 200, stale: Stale | None = None
) -> ResponseReturnValue:
    theirs = differences(form, stale.current) if stale else []
    return render_template("admin/department.html", department=department, form=form, theirs=theirs), status


@bp.get("/<int:department_id>")
@allow("administrator")
def show(department_id: int) -> ResponseReturnValue:
    department = queries.get_department(department_id)
    return _page(department, DepartmentForm(formdata=None, obj=department).offer(queries.departments()))


@bp.post("/<int:department_id>")
@allow("administrator")
def change(department_id: int) -> ResponseReturnValue:
    form = DepartmentForm().offer(queries.departments())
    stale, status = None, 422
    if form.validate_on_submit():
        revision = read_revision(form.revision.data)
        try:
            actions.change_department(get_viewer(), department_id, form.name.data, form.parent_id.data, revision)
            flash(_("Saved."))
            return redirect(url_for(".list_departments"))
        except (Invalid, Conflict, Stale) as error:
            status, stale = form.show_failure(error), error if isinstance(error, Stale) else None
    return _page(queries.get_department(department_id), form, status, stale)


@bp.post("/<int:department_id>/delete")
@allow("administrator")
def delete(department_id: int) -> ResponseReturnValue:
    try:
        actions.delete_department(get_viewer(), department_id)
        flash(_("The department is deleted."))
    except Conflict as error:
        flash(str(error.message), "error")
    return redirect(url_for(".list_departments"))


def _team_page(form: TeamForm, status: int = 200) -> ResponseReturnValue:
    return render_template("admin/teams.html", teams=queries.list_teams(), form=form), status


@teams.get("")
@allow("administrator")
def list_teams() -> ResponseReturnValue:
    return _team_page(TeamForm(formdata=None))


@teams.post("")
@allow("administrator")
def create_team() -> ResponseReturnValue:
    form = TeamForm()
    if form.validate_on_submit():
        try:
            actions.create_team(get_viewer(), form.name.data)
            flash(_("%(name)s is added.", name=form.name.data))
            return redirect(url_for(".list_teams"))
        except Invalid as error:
            form.pin(error)
    return _team_page(form, 422)


@teams.post("/<int:team_id>")
@allow("administrator")
def rename_team(team_id: int) -> ResponseReturnValue:
    form = TeamForm()
    if form.validate_on_submit():
        try:
            actions.rename_team(get_viewer(), team_id, form.name.data)
            flash(_("Saved."))
            return redirect(url_for(".list_teams"))
        except Invalid as error:
            form.pin(error)
    return _team_page(form, 422)


@teams.post("/<int:team_id>/delete")
@allow("administrator")
def delete_team(team_id: int) -> ResponseReturnValue:
    try:
        actions.delete_team(get_viewer(), team_id)
        flash(_("The team is deleted."))
    except Conflict as error:
        flash(str(error.message), "error")
    return redirect(url_for(".list_teams"))
