"""`/reports`: availability, outages, times and promises of some months; as a page and as CSV."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from flask import Response, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from helpdesk.plugin_api import allow, get_viewer, limit, now
from plugins.outage_notice.announcements.forms.words import LEVEL_NAMES
from plugins.outage_notice.audiences import queries as audiences
from plugins.outage_notice.reviews.forms import CAUSE_NAMES
from plugins.outage_notice.reviews.queries.reports import Report, Wanted, report, services_for_filter
from plugins.outage_notice.reviews.rules import WEIGHTS
from plugins.outage_notice.reviews.rules.months import Month, read_month, read_range
from plugins.outage_notice.reviews.views.blueprint import bp
from plugins.outage_notice.reviews.views.charts import columns

SERVICES_DRAWN = 20
OUTAGES_SHOWN = 100
LEVELS = (1, 2, 3, 4)
_RISKY, _BLANK = ("=", "+", "-", "@"), ("\t", "\r", "\n")


def _id(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 10 else None


def _zone() -> ZoneInfo:
    return ZoneInfo(get_viewer().time_zone or "UTC")


def _wanted(at: datetime) -> Wanted:
    first, last = request.args.get("from", ""), request.args.get("to", "")
    return Wanted(read_range(first, last, at, _zone()), _zone(), _id("department"), _id("service"))


def month_name(month: Month) -> str:
    return format_skeleton("yMMM", datetime(month.year, month.number, 1), locale=get_locale())  # noqa: DTZ001


@bp.get("/reports")
@allow("agent")
@limit("60/minute")
def reports() -> str:
    at = now()
    wanted = _wanted(at)
    found = report(wanted, at)
    months = list(found.by_month)
    asked = {name: request.args.get(name, "") for name in ("from", "to")}
    return render_template(
        "outage_notice/reports.html",
        wanted=wanted,
        found=found,
        columns=columns(
            [month_name(month) for month in months],
            [[(f"l{level}", found.by_month[month].get(level, 0)) for level in LEVELS] for month in months],
        ),
        months=[(month_name(month), found.by_month[month]) for month in months],
        levels=LEVELS,
        drawn=found.services[:SERVICES_DRAWN],
        shown=found.outages[:OUTAGES_SHOWN],
        weights=WEIGHTS,
        departments=audiences.department_options(get_viewer()),
        services=services_for_filter(),
        wrong_month=any(text and read_month(text) is None for text in asked.values()),
        csv_urls={
            table: url_for("outage_notice_reviews.reports_csv", table=table, **_kept(wanted))
            for table in ("availability", "outages")
        },
    )


def _kept(wanted: Wanted) -> dict[str, Any]:
    kept: dict[str, Any] = {"from": str(wanted.months.first), "to": str(wanted.months.last)}
    if wanted.department_id is not None:
        kept["department"] = wanted.department_id
    if wanted.service_id is not None:
        kept["service"] = wanted.service_id
    return kept


@bp.get("/reports/<any(availability, outages):table>.csv")
@allow("agent")
@limit("30/minute")
def reports_csv(table: str) -> Response:
    """One line for each service or outage. UTF-8 with a mark, so that spreadsheets read the letters right."""
    at = now()
    wanted = _wanted(at)
    found = report(wanted, at)
    rows = _availability_rows(found) if table == "availability" else _outage_rows(found)
    out = io.StringIO()
    csv.writer(out).writerows([[cell(value) for value in row] for row in rows])
    name = f"{table}-{wanted.months.first}-{wanted.months.last}.csv"
    return Response(
        "\ufeff" + out.getvalue(),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula: what begins like one gets a quote before it."""
    text = "" if value is None else str(value)
    text = text.replace("\0", "")
    is_number = isinstance(value, int | float)
    return f"'{text}" if not is_number and (text.startswith(_BLANK) or text.lstrip().startswith(_RISKY)) else text


def _availability_rows(found: Report) -> list[list[object]]:
    head: list[object] = [
        _("Service"),
        _("Availability"),
        _("Down, weighted (minutes)"),
        _("Affected (minutes)"),
        _("Maintenance (minutes)"),
        _("Looked at (minutes)"),
        _("Outages"),
    ]
    rows: list[list[object]] = [head]
    for row in found.services:
        a = row.availability
        share = "" if a.share is None else f"{a.share:.6f}"
        minutes = [round(d.total_seconds() / 60, 1) for d in (a.down, a.affected, a.maintenance, a.total)]
        rows.append([row.name, share, *minutes, row.outages])
    return rows


def _outage_rows(found: Report) -> list[list[object]]:
    head: list[object] = [
        _("Number"),
        _("Title"),
        _("Level"),
        _("Kind of cause"),
        _("Services"),
        _("Start (UTC)"),
        _("End (UTC)"),
        _("To notice (minutes)"),
        _("To first message (minutes)"),
        _("To resolution (minutes)"),
        _("Promises kept"),
        _("Promises"),
    ]
    rows: list[list[object]] = [head]
    for row in found.outages:
        times = [None if t is None else round(t, 1) for t in (row.to_notice, row.to_tell, row.to_resolve)]
        rows.append(
            [
                f"OUT-{row.id}",
                row.title,
                LEVEL_NAMES[row.severity],
                CAUSE_NAMES[row.cause] if row.cause else "",
                ", ".join(s.name for s in row.services),
                row.started_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                row.ended_at.strftime("%Y-%m-%dT%H:%M:%SZ") if row.ended_at else "",
                *times,
                row.promises_kept,
                row.promises,
            ]
        )
    return rows
