"""Outgoing mail as pages, for administrators."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.core import outbox
from helpdesk.hooks.specs import MenuLink
from helpdesk.mail import actions, messages, queries
from helpdesk.mail.forms import STATE_LABELS, FilterForm
from helpdesk.mail.handlers import find_budget_problem
from helpdesk.web.access import allow, get_viewer
from helpdesk.web.paging import older_url, read_cursor

bp = Blueprint("mail", __name__, url_prefix="/admin/mail")

BLUEPRINTS = (bp,)
ADMIN_LINKS = (MenuLink("mail", _l("Outgoing mail"), "/admin/mail", "mail"),)
PAGE = 50


@bp.get("")
@allow("administrator")
def list_mail() -> ResponseReturnValue:
    form = FilterForm(request.args)
    is_good = form.validate()
    keys = read_cursor("mail")
    before = keys[0] if keys else None
    mails = queries.list_mails(form.recipient.data or "", form.wanted_state, before, PAGE + 1) if is_good else []
    page = render_template(
        "admin/mail.html",
        form=form,
        mails=mails[:PAGE],
        labels=STATE_LABELS,
        older_url=older_url("mail", mails[PAGE - 1].id) if len(mails) > PAGE else None,
        is_first=keys is None,
        has_server=messages.current_settings().smtp_url is not None,
        pause=outbox.find_hold(),
        alarm=find_budget_problem(),
    )
    return page, 200 if is_good else 422


@bp.get("/<int:mail_id>")
@allow("administrator")
def show_mail(mail_id: int) -> str:
    return render_template("admin/mail_one.html", mail=queries.get_mail(mail_id), labels=STATE_LABELS)


@bp.get("/<int:mail_id>/html")
@allow("administrator")
def show_html(mail_id: int) -> Response:
    """The HTML form as the recipient gets it, cut off from everything: no scripts, no requests, no cookies."""
    response = Response(queries.get_mail(mail_id).html or "", mimetype="text/html")
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'; frame-ancestors 'none'"
    return response


@bp.post("/<int:mail_id>/retry")
@allow("administrator")
def retry_mail(mail_id: int) -> ResponseReturnValue:
    actions.retry_mail(get_viewer(), mail_id)
    flash(_("The mail is tried again."), "ok")
    return redirect(url_for("mail.show_mail", mail_id=mail_id))
