"""The list: now, upcoming, drafts and past, with the week above."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import render_template, request, url_for

from helpdesk.plugin_api import Viewer, allow, get_viewer, make_cursor, now, read_cursor
from plugins.outage_notice.announcements import queries
from plugins.outage_notice.announcements.queries.lists import Filters, Tab
from plugins.outage_notice.announcements.queries.overlaps import count_shared_people
from plugins.outage_notice.announcements.rules import Kind
from plugins.outage_notice.announcements.views.blueprint import bp
from plugins.outage_notice.announcements.views.rows import late_first, rows_of
from plugins.outage_notice.announcements.views.week import Week, week_of
from plugins.outage_notice.audiences import queries as audiences

MOST_LIVE = 100
PAST_SHOWN = 5
PAST_PAGE = 25
CURSOR = "announcements.past.page"
_TEXT_LIMIT = 200


def _filters() -> Filters:
    kind, department = request.args.get("kind", ""), request.args.get("department", "")
    return Filters(
        kind=Kind(kind) if kind in tuple(Kind) else None,
        department_id=int(department)
        if department.isascii() and department.isdecimal() and len(department) < 10
        else None,
        mine=request.args.get("mine") == "1",
        text="".join(c for c in request.args.get("q", "")[:_TEXT_LIMIT] if c.isprintable()).strip(),
    )


@bp.get("/announcements")
@allow("agent")
def index() -> str:
    if request.args.get("tab") == Tab.past:
        return _past()
    viewer, moment, filters = get_viewer(), now(), _filters()
    found = {
        tab: queries.list_announcements(viewer, tab, moment, filters=filters, limit=limit)
        for tab, limit in (
            (Tab.now, MOST_LIVE),
            (Tab.upcoming, MOST_LIVE),
            (Tab.past, PAST_SHOWN),
            (Tab.drafts, MOST_LIVE),
        )
        if tab is not Tab.drafts or viewer.may_announce
    }
    rows = {tab.value: rows_of(page.items, moment) for tab, page in found.items()}
    rows["now"] = late_first(rows["now"])
    week = week_of([*found[Tab.now].items, *found[Tab.upcoming].items], moment, ZoneInfo(viewer.time_zone or "UTC"))
    return render_template(
        "outage_notice/announcements.html",
        rows=rows,
        week=week,
        overlaps=_overlap_counts(week),
        more_past=found[Tab.past].next is not None,
        **_filter_context(viewer, filters),
    )


def _past() -> str:
    viewer, moment, filters = get_viewer(), now(), _filters()
    after = read_cursor(CURSOR)
    page = queries.list_announcements(viewer, Tab.past, moment, filters=filters, after=after, limit=PAST_PAGE)
    older = make_cursor(CURSOR, *page.next) if page.next else None
    return render_template(
        "outage_notice/announcements_past.html",
        rows=rows_of(page.items, moment),
        older_url=_address(tab="past", cursor=older) if older else None,
        newest_url=_address(tab="past") if after else None,
        **_filter_context(viewer, filters),
    )


def _overlap_counts(week: Week) -> list[dict[str, Any]]:
    counted = [
        {"day": o.day, "people": count_shared_people(o.first.audience, o.second.audience)} for o in week.overlaps
    ]
    return [overlap for overlap in counted if overlap["people"]]


def _address(**changes: Any) -> str:
    kept = {key: request.args[key] for key in ("kind", "mine", "q", "department") if request.args.get(key)}
    return url_for("outage_notice_announcements.index", **(kept | changes))


def _filter_context(viewer: Viewer, filters: Filters) -> dict[str, Any]:
    tab = "past" if request.args.get("tab") == Tab.past else None
    return {
        "filters": filters,
        "tab": tab,
        "kind_urls": [(None, _address(kind=None, tab=tab)), *((k, _address(kind=k.value, tab=tab)) for k in Kind)],
        "mine_url": _address(mine=None if filters.mine else "1", tab=tab),
        "departments": audiences.department_options(viewer) if viewer.may_announce else [],
        "may_announce": viewer.may_announce,
    }
