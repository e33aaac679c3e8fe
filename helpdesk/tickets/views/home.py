"""The first page of a signed-in person, and the list of a person's own tickets."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template
from flask.typing import ResponseReturnValue

from helpdesk.catalog import queries as catalog
from helpdesk.core import clock
from helpdesk.tickets import queries
from helpdesk.tickets.rules import View
from helpdesk.tickets.views.parts import badges
from helpdesk.web.access import allow, get_viewer

bp = Blueprint("home", __name__)


@bp.get("/")
@allow("requester")
def show_home() -> ResponseReturnValue:
    viewer = get_viewer()
    if viewer.is_staff:
        return redirect("/tickets")
    page = queries.list_own(viewer, clock.now(), limit=5)
    ids = [row.id for row in page.rows]
    return render_template(
        "home/home.html",
        rows=page.rows,
        words=queries.newest_words(ids),
        badges=badges(ids, viewer),
        count=queries.count_views(viewer, clock.now(), (View.all,))[View.all] if page.next_keys else len(ids),
        services=catalog.services_of_department_path(viewer.department_path)[:8],
    )
