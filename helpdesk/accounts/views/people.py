"""Administration of people."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.accounts import actions, queries
from helpdesk.accounts.forms import ROLE_NAMES, PersonForm, department_choices, differences, role_choices
from helpdesk.accounts.models import User
from helpdesk.accounts.rules import Purpose, Role
from helpdesk.core import clock
from helpdesk.core.errors import Conflict, Invalid, Stale
from helpdesk.hooks.specs import MenuLink
from helpdesk.web.access import allow, get_viewer
from helpdesk.web.paging import make_cursor, read_cursor

bp = Blueprint("accounts_people", __name__, url_prefix="/admin/people")
ADMIN_LINKS = (MenuLink("people", _l("People"), "/admin/people", "users"),)
PAGE = 50
FILTERS = ("q", "department", "role", "state")


def read_filter() -> queries.PeopleFilter:
    """The filter in the address; what makes no sense is left out."""
    text, department = request.args.get("q", "").strip()[:100], request.args.get("department", "")
    role, state = request.args.get("role", ""), request.args.get("state", "")
    return queries.PeopleFilter(
        text=text,
        department_id=int(department)
        if department.isascii() and department.isdigit() and len(department) < 10
        else None,
        role=Role(role) if role in list(Role) else None,
        is_disabled={"disabled": True, "all": None}.get(state, False),
    )


def _address(**more: str) -> str:
    """The address of the list with its present filter."""
    kept = {name: request.args[name] for name in FILTERS if request.args.get(name)}
    return url_for(".list_people") + "?" + urlencode(kept | more)


@bp.get("")
@allow("administrator")
def list_people() -> ResponseReturnValue:
    wanted = read_filter()
    people, after = queries.list_people(get_viewer(), wanted, PAGE, read_cursor("admin.people"))
    return render_template(
        "admin/people.html",
        people=people,
        wanted=wanted,
        departments=department_choices(queries.departments()),
        roles=role_choices(),
        role_names=ROLE_NAMES,
        older_url=_address(cursor=make_cursor("admin.people", *after)) if after else None,
        first_url=_address(),
    )


def _form() -> PersonForm:
    return PersonForm().offer(queries.departments(), queries.list_teams())


@bp.get("/new")
@allow("administrator")
def new() -> ResponseReturnValue:
    form = _form()
    form.invite.data = True
    return render_template("admin/person_new.html", form=form)


@bp.post("/new")
@allow("administrator")
def create() -> ResponseReturnValue:
    form, viewer = _form(), get_viewer()
    if form.validate_on_submit():
        try:
            user = actions.create_user(viewer, form.as_new())
            if form.invite.data and user.email:
                actions.send_link(viewer, user.id, Purpose.invitation)
            flash(_("%(name)s is added.", name=user.name))
            return redirect(url_for(".show", user_id=user.id))
        except Invalid as error:
            form.pin(error)
    return render_template("admin/person_new.html", form=form), 422


def _page(user: User, form: PersonForm, status: int = 200, stale: Stale | None = None) -> ResponseReturnValue:
    page = render_template(
        "admin/person.html",
        person=user,
        form=form,
        theirs=differences(form, stale.current) if stale else [],
        sessions=queries.list_sessions(user.id, clock.now()),
        tokens=queries.list_tokens(user.id, clock.now()),
    )
    return page, status


@bp.get("/<int:user_id>")
@allow("administrator")
def show(user_id: int) -> ResponseReturnValue:
    user = queries.get_user(user_id)
    form = PersonForm(formdata=None, obj=user).offer(queries.departments(), queries.list_teams())
    return _page(user, form)


@bp.post("/<int:user_id>")
@allow("administrator")
def change(user_id: int) -> ResponseReturnValue:
    user, form = queries.get_user(user_id), _form()
    stale, status = None, 422
    if form.validate_on_submit():
        try:
            actions.change_user(get_viewer(), user_id, form.as_change())
            flash(_("Saved."))
            return redirect(url_for(".show", user_id=user_id))
        except (Invalid, Conflict, Stale) as error:
            status, stale = form.show_failure(error), error if isinstance(error, Stale) else None
    return _page(queries.get_user(user.id), form, status, stale)


def _do(user_id: int, act: Callable[[], object], done: str) -> ResponseReturnValue:
    """Carry out one act on a person and go back to them with what came of it."""
    try:
        act()
        flash(done)
    except Conflict as error:
        flash(str(error.message), "error")
    return redirect(url_for(".show", user_id=user_id))


@bp.post("/<int:user_id>/disable")
@allow("administrator")
def disable(user_id: int) -> ResponseReturnValue:
    return _do(
        user_id, lambda: actions.disable_user(get_viewer(), user_id), _("The person is disabled and signed out.")
    )


@bp.post("/<int:user_id>/enable")
@allow("administrator")
def enable(user_id: int) -> ResponseReturnValue:
    return _do(user_id, lambda: actions.enable_user(get_viewer(), user_id), _("The person is enabled."))


@bp.post("/<int:user_id>/invite")
@allow("administrator")
def invite(user_id: int) -> ResponseReturnValue:
    return _do(
        user_id,
        lambda: actions.send_link(get_viewer(), user_id, Purpose.invitation),
        _("The invitation is on its way."),
    )


@bp.post("/<int:user_id>/reset")
@allow("administrator")
def reset(user_id: int) -> ResponseReturnValue:
    return _do(
        user_id,
        lambda: actions.send_link(get_viewer(), user_id, Purpose.reset),
        _("The link for a new password is on its way."),
    )


@bp.post("/<int:user_id>/sessions/end")
@allow("administrator")
def end_sessions(user_id: int) -> ResponseReturnValue:
    return _do(user_id, lambda: actions.end_sessions(get_viewer(), user_id), _("All sessions are ended."))


@bp.post("/<int:user_id>/sessions/<int:session_id>/end")
@allow("administrator")
def end_session(user_id: int, session_id: int) -> ResponseReturnValue:
    return _do(user_id, lambda: actions.end_session(get_viewer(), user_id, session_id), _("The session is ended."))


@bp.post("/<int:user_id>/tokens/<int:token_id>/revoke")
@allow("administrator")
def revoke_token(user_id: int, token_id: int) -> ResponseReturnValue:
    return _do(user_id, lambda: actions.revoke_token(get_viewer(), user_id, token_id), _("The token is revoked."))
