"""The queue of staff, the list of a requester's own tickets, and changes of many tickets."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from helpdesk.accounts import queries as accounts
from helpdesk.core import clock
from helpdesk.core.errors import HelpdeskError, Invalid
from helpdesk.hooks.specs import Viewer
from helpdesk.tickets import actions, queries
from helpdesk.tickets.forms import VIEW_WORDS, BulkForm, FilterForm, may_wait
from helpdesk.tickets.rules import Sort, View
from helpdesk.tickets.views import parts
from helpdesk.web.access import allow, get_viewer
from helpdesk.web.paging import older_url, read_cursor
from helpdesk.web.redirects import safe_next

bp = Blueprint("tickets", __name__)
PAGE = 50
TABS = (View.open, View.unassigned, View.mine, View.due_today, View.waiting_on_outage, View.done)


@bp.get("/tickets")
@allow("requester")
def list_tickets() -> ResponseReturnValue:
    viewer = get_viewer()
    if not viewer.is_staff:
        return _own(viewer)
    agents, teams, services = parts.agent_choices(), parts.team_choices(), parts.service_choices()
    form = FilterForm(request.args).offer(agents, teams, services)
    form.validate()
    wanted = form.as_filter()
    page = queries.list_queue(viewer, wanted, clock.now(), _after(wanted.sort.value), PAGE)
    facts = {
        "form": form,
        "wanted": wanted,
        "page": page,
        "tabs": _tabs(viewer, wanted.view),
        "badges": parts.badges([row.id for row in page.rows], viewer),
        "older_url": _older(f"queue.{wanted.sort.value}", page),
        "first_url": "?" + urlencode(_arguments()) if request.args.get("cursor") else None,
    }
    if request.args.get("fragment"):
        return render_template("tickets/queue_list.html", **facts)
    bulk = BulkForm(formdata=None).offer(agents, teams, services, many=True)
    people = accounts.people_names([wanted.requester_id]) if wanted.requester_id else {}
    return render_template("tickets/queue.html", bulk=bulk, people=people, **facts)


def _own(viewer: Viewer) -> ResponseReturnValue:
    view = {"open": View.open, "done": View.done}.get(request.args.get("view", ""), View.all)
    q = request.args.get("q", "")[:200]
    page = queries.list_own(viewer, clock.now(), q=q, view=view, after=_after(Sort.updated.value), limit=20)
    ids = [row.id for row in page.rows]
    return render_template(
        "tickets/own.html",
        page=page,
        q=q,
        view=view,
        words=queries.newest_words(ids),
        badges=parts.badges(ids, viewer),
        older_url=_older(f"queue.{Sort.updated.value}", page),
        first_url="?" + urlencode(_arguments()) if request.args.get("cursor") else None,
    )


def _after(sort: str) -> tuple[Any, ...] | None:
    """Where the page starts. A cursor of another order (the sort was changed) starts at the beginning."""
    try:
        return read_cursor(f"queue.{sort}")
    except Invalid:
        return None


def _arguments() -> list[tuple[str, str]]:
    return [(k, v) for k, v in request.args.items(multi=True) if k not in ("cursor", "fragment") and v]


def _older(scope: str, page: queries.TicketPage) -> str | None:
    if page.next_keys is None:
        return None
    return older_url(scope, *page.next_keys)


def _tabs(viewer: Viewer, current: View) -> list[tuple[Any, str, bool, str | None]]:
    shown = TABS if may_wait() else tuple(view for view in TABS if view is not View.waiting_on_outage)
    counts = queries.count_views(viewer, clock.now(), shown[:-1])
    tabs = [
        (VIEW_WORDS[v], f"/tickets?view={v.value}", v is current, parts.count_word(counts[v]) if v in counts else None)
        for v in shown
    ]
    return tabs if current in shown else [*tabs, (VIEW_WORDS[current], f"/tickets?view={current.value}", True, None)]


@bp.post("/tickets/bulk")
@allow("agent")
def change_many() -> ResponseReturnValue:
    form = BulkForm().offer(parts.agent_choices(), parts.team_choices(), parts.service_choices(), many=True)
    back = redirect(safe_next(request.form.get("back", "")) if request.form.get("back") else "/tickets")
    if not form.validate():
        flash(_("Nothing was changed. Choose from the lists."), "error")
        return back
    try:
        results = actions.bulk_change(get_viewer(), form.numbers, form.as_change())
    except HelpdeskError as error:
        flash(str(error.message), "error")
        return back
    done = [r for r in results if r.error is None]
    if done:
        flash(ngettext("%(num)s ticket changed.", "%(num)s tickets changed.", len(done)), "ok")
    for result in [r for r in results if r.error is not None][:5]:
        flash(f"#{result.number}: {result.error}", "error")
    return back


@bp.get("/tickets/people")
@allow("agent")
def find_people() -> ResponseReturnValue:
    """People for the pickers of staff."""
    people = accounts.search_people(get_viewer(), request.args.get("q", "")[:100], 20)
    return {"items": [parts.person_item(person) for person in people]}
