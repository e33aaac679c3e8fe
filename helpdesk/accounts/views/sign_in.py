"""Sign-in, sign-out, and the landing page of links that set a password."""

from __future__ import annotations

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_user, logout_user

from helpdesk.accounts import actions, queries
from helpdesk.accounts.forms import NewPasswordForm, SignInForm
from helpdesk.accounts.setup import Browser
from helpdesk.core import clock
from helpdesk.core.errors import Invalid, NotFound, TooMany
from helpdesk.web.access import allow, find_viewer
from helpdesk.web.limits import limit
from helpdesk.web.redirects import safe_next

bp = Blueprint("accounts", __name__)


def begin_session(token: str) -> None:
    """Put a new session into the cookie, and nothing that was there before (S1)."""
    session.clear()
    session.permanent = True
    login_user(Browser(token))


@bp.get("/sign-in")
@allow("public")
def sign_in() -> ResponseReturnValue:
    target = safe_next(request.args.get("next"))
    if find_viewer() is not None:
        return redirect(target)
    return render_template("accounts/sign_in.html", form=SignInForm(formdata=None, next=target))


@bp.post("/sign-in")
@allow("public")
@limit("300/minute")
def begin() -> ResponseReturnValue:
    form = SignInForm()
    status = 422
    if form.validate_on_submit():
        try:
            found = actions.sign_in(form.email.data, form.password.data, request.remote_addr, request.user_agent.string)
            begin_session(found.token)
            return redirect(safe_next(form.next.data))
        except Invalid as error:
            form.pin(error)
        except TooMany as error:
            form.form_errors = [error.message]
            status = 429
            g.retry_after = str(error.retry_after_seconds)
    response = make_response(render_template("accounts/sign_in.html", form=form), status)
    if status == 429:
        response.headers["Retry-After"] = g.retry_after
    return response


@bp.post("/sign-out")
@allow("public")
def sign_out() -> ResponseReturnValue:
    viewer = find_viewer()
    if viewer is not None and g.session_id is not None:
        actions.sign_out(viewer, g.session_id)
    logout_user()
    session.clear()
    flash(_("You are signed out."))
    return redirect(url_for("accounts.sign_in"))


@bp.after_request
def hide_address(response: Response) -> Response:
    """The address of a link is a secret: no answer to it, failures included, lets the browser hand it on."""
    if "token" in (request.view_args or {}):
        response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _landing(form: NewPasswordForm | None, status: int = 200) -> Response:
    return make_response(render_template("accounts/reset.html", form=form), status)


@bp.get("/reset/<token>")
@allow("public")
@limit("60/minute")
def reset(token: str) -> ResponseReturnValue:
    if queries.find_one_time_token(token, actions.PASSWORD_PURPOSES, clock.now()) is None:
        return _landing(None, 404)
    return _landing(NewPasswordForm(formdata=None))


@bp.post("/reset/<token>")
@allow("public")
@limit("60/minute")
def set_password(token: str) -> ResponseReturnValue:
    form = NewPasswordForm()
    if not form.validate_on_submit():
        return _landing(form, 422)
    try:
        actions.follow_link(token, form.password.data)
    except Invalid as error:
        form.pin(error)
        return _landing(form, 422)
    except NotFound:
        return _landing(None, 404)
    flash(_("Your password is set. Sign in with it."))
    return redirect(url_for("accounts.sign_in"))
