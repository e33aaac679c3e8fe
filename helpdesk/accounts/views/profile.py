"""The profile page: what people set of themselves, where they are signed in, and their API tokens."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.accounts import actions, queries
from helpdesk.accounts.forms import EmailForm, PasswordForm, ProfileForm, TokenForm
from helpdesk.accounts.views.sign_in import begin_session
from helpdesk.core import clock
from helpdesk.core.errors import Invalid
from helpdesk.web.access import allow, get_viewer
from helpdesk.web.limits import limit

bp = Blueprint("accounts_profile", __name__, url_prefix="/profile")


def _page(status: int = 200, new_token: str | None = None, **filled: Any) -> ResponseReturnValue:
    """The page with its forms; `filled` holds the one that was sent."""
    viewer, now = get_viewer(), clock.now()
    user = queries.get_user(viewer.id)
    forms = {
        "profile": filled.get("profile") or ProfileForm(formdata=None, obj=user),
        "password": filled.get("password") or PasswordForm(formdata=None, prefix="password-"),
        "email": filled.get("email") or EmailForm(formdata=None, prefix="email-"),
        "token": (filled.get("token") or TokenForm(formdata=None, prefix="token-")).offer(viewer.role),
    }
    page = render_template(
        "accounts/profile.html",
        user=user,
        forms=forms,
        sessions=queries.list_sessions(viewer.id, now),
        present_session=g.session_id,
        tokens=queries.list_tokens(viewer.id, now),
        new_token=new_token,
    )
    return page, status


@bp.get("")
@allow("requester")
def show() -> ResponseReturnValue:
    return _page()


@bp.post("")
@allow("requester")
def change() -> ResponseReturnValue:
    form = ProfileForm()
    if not form.validate_on_submit():
        return _page(422, profile=form)
    try:
        actions.change_profile(get_viewer(), form.as_change())
    except Invalid as error:
        form.pin(error)
        return _page(422, profile=form)
    flash(_("Your profile is saved."))
    return redirect(url_for(".show"))


@bp.post("/password")
@allow("requester")
@limit("10/minute")
def change_password() -> ResponseReturnValue:
    form = PasswordForm(prefix="password-")
    if not form.validate_on_submit():
        return _page(422, password=form)
    try:
        token = actions.change_own_password(get_viewer(), g.session_id, form.present.data, form.password.data)
    except Invalid as error:
        form.pin(error)
        return _page(422, password=form)
    begin_session(token)
    flash(_("Your password is changed. All other sessions were ended."))
    return redirect(url_for(".show"))


@bp.post("/email")
@allow("requester")
@limit("10/minute")
def change_email() -> ResponseReturnValue:
    form = EmailForm(prefix="email-")
    if not form.validate_on_submit():
        return _page(422, email=form)
    try:
        actions.change_own_email(get_viewer(), form.present.data, form.email.data)
    except Invalid as error:
        form.pin(error)
        return _page(422, email=form)
    flash(_("Your e-mail address is changed."))
    return redirect(url_for(".show"))


@bp.post("/sessions/<int:session_id>/end")
@allow("requester")
def end_session(session_id: int) -> ResponseReturnValue:
    viewer = get_viewer()
    actions.end_session(viewer, viewer.id, session_id)
    flash(_("The session is ended."))
    return redirect(url_for(".show"))


@bp.post("/sessions/end")
@allow("requester")
def end_other_sessions() -> ResponseReturnValue:
    viewer = get_viewer()
    actions.end_sessions(viewer, viewer.id, but=g.session_id)
    flash(_("All other sessions are ended."))
    return redirect(url_for(".show"))


@bp.post("/tokens")
@allow("requester")
def make_token() -> ResponseReturnValue:
    viewer = get_viewer()
    form = TokenForm(prefix="token-").offer(viewer.role)
    if not form.validate_on_submit():
        return _page(422, token=form)
    try:
        _row, text = actions.make_token(viewer, viewer.id, form.name.data, form.scopes.data, form.days.data)
    except Invalid as error:
        form.pin(error)
        return _page(422, token=form)
    return _page(new_token=text)  # not a redirect: it is shown this once and kept nowhere


@bp.post("/tokens/<int:token_id>/revoke")
@allow("requester")
def revoke_token(token_id: int) -> ResponseReturnValue:
    viewer = get_viewer()
    actions.revoke_token(viewer, viewer.id, token_id)
    flash(_("The token is revoked."))
    return redirect(url_for(".show"))
