"""The audit log as a page, for administrators."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from helpdesk.audit import queries
from helpdesk.audit.forms import FilterForm
from helpdesk.hooks.specs import MenuLink
from helpdesk.web.access import allow
from helpdesk.web.paging import older_url, read_cursor

bp = Blueprint("audit", __name__, url_prefix="/admin/audit")

BLUEPRINTS = (bp,)
ADMIN_LINKS = (MenuLink("audit", _l("Audit log"), "/admin/audit", "lock"),)
PAGE = 50


@bp.get("")
@allow("administrator")
def show_log() -> ResponseReturnValue:
    form = FilterForm(request.args)
    is_good = form.validate()
    wanted = form.as_filter() if is_good else queries.Filter()
    keys = read_cursor("audit")
    entries = queries.list_entries(wanted, keys[0] if keys else None, PAGE + 1)
    older = older_url("audit", entries[PAGE - 1].id) if len(entries) > PAGE else None
    page = render_template(
        "admin/audit.html", form=form, entries=entries[:PAGE], older_url=older, is_first=keys is None
    )
    return page, 200 if is_good else 422
