"""`/reports`: availability, outages, times and promises of some months; as a page and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from flask import Response, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l

from helpdesk.plugin_api import allow, get_viewer, limit, now
from plugins.outage_notice.announcements.forms.words import LEVEL_NAMES
from plugins.outage_notice.audiences import queries as audiences
from plugins.outage_notice.reviews.forms import CAUSE_NAMES
from plugins.outage_notice.reviews.queries.reports import (
    OutageRow,
    Report,
    Wanted,
    report,
    services_for_filter,
)
from plugins.outage_notice.reviews.rules import WEIGHTS
from plugins.outage_notice.reviews.rules.breakdown import Figures, by_department
from plugins.outage_notice.reviews.rules.months import Month, read_month, read_range
from plugins.outage_notice.reviews.views.blueprint import bp
from plugins.outage_notice.reviews.views.charts import columns

SERVICES_DRAWN = 20
DRAWN_AT_MOST = 24  # months, or departments
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
    months = list(found.levels)
    asked = {name: request.args.get(name, "") for name in ("from", "to")}
    return render_template(
        "outage_notice/reports.html",
        wanted=wanted,
        found=found,
        columns=columns(
            [month_name(month) for month in months],
            [[(f"l{level}", found.levels[month].get(level, 0)) for level in LEVELS] for month in months],
        ),
        months=[(month_name(month), found.levels[month]) for month in months],
        by_month=[(month_name(month), figures) for month, figures in found.months.items()],
        by_department=[(found.department_names[id], figures) for id, figures in found.departments.items()],
        levels=LEVELS,
        drawn=found.services[:SERVICES_DRAWN],
        drawn_at_most=DRAWN_AT_MOST,
        shown=found.outages[:OUTAGES_SHOWN],
        weights=WEIGHTS,
        departments=audiences.department_options(get_viewer()),
        services=services_for_filter(),
        wrong_month=any(text and read_month(text) is None for text in asked.values()),
        csv_urls={
            table: url_for("outage_notice_reviews.reports_csv", table=table, **_kept(wanted)) for table in TABLES
        },
    )


def _kept(wanted: Wanted) -> dict[str, Any]:
    kept: dict[str, Any] = {"from": str(wanted.months.first), "to": str(wanted.months.last)}
    if wanted.department_id is not None:
        kept["department"] = wanted.department_id
    if wanted.service_id is not None:
        kept["service"] = wanted.service_id
    return kept


@bp.get("/reports/<any(availability, outages, figures):table>.csv")
@allow("agent")
@limit("30/minute")
def reports_csv(table: str) -> Response:
    """One line for each service, or outage, or month and department.

    UTF-8 with a mark, so that spreadsheets read the letters right.
    """
    at = now()
    wanted = _wanted(at)
    found = report(wanted, at)
    out = io.StringIO()
    csv.writer(out).writerows(TABLES[table](found))
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


Column = tuple[Any, Callable[[Any], object]]  # what stands above it, and what it says of one row


def _minutes(value: timedelta) -> float:
    return round(value.total_seconds() / 60, 1)


def _tenths(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _utc(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""


AVAILABILITY: tuple[Column, ...] = (
    (_l("Service"), lambda row: row.name),
    (_l("Availability"), lambda row: "" if row.availability.share is None else f"{row.availability.share:.6f}"),
    (_l("Down, weighted (minutes)"), lambda row: _minutes(row.availability.down)),
    (_l("Affected (minutes)"), lambda row: _minutes(row.availability.affected)),
    (_l("Maintenance (minutes)"), lambda row: _minutes(row.availability.maintenance)),
    (_l("Looked at (minutes)"), lambda row: _minutes(row.availability.total)),
    (_l("Outages"), lambda row: row.outages),
)
OUTAGES: tuple[Column, ...] = (
    (_l("Number"), lambda row: f"OUT-{row.id}"),
    (_l("Title"), lambda row: row.title),
    (_l("Level"), lambda row: LEVEL_NAMES[row.severity]),
    (_l("Kind of cause"), lambda row: CAUSE_NAMES[row.cause] if row.cause else ""),
    (_l("Services"), lambda row: ", ".join(row.services)),
    (_l("Start (UTC)"), lambda row: _utc(row.started_at)),
    (_l("End (UTC)"), lambda row: _utc(row.ended_at)),
    (_l("To notice (minutes)"), lambda row: _tenths(row.to_notice)),
    (_l("To first message (minutes)"), lambda row: _tenths(row.to_tell)),
    (_l("To resolution (minutes)"), lambda row: _tenths(row.to_resolve)),
    (_l("Promises kept"), lambda row: row.promises_kept),
    (_l("Promises"), lambda row: row.promises),
    (_l("Month"), lambda row: row.month),
)


def _table(columns: tuple[Column, ...], rows: Iterable[Any]) -> list[list[str]]:
    head = [cell(name) for name, _read in columns]
    return [head, *([cell(read(row)) for _name, read in columns] for row in rows)]


def _availability(found: Report) -> list[list[str]]:
    return _table(AVAILABILITY, found.services)


def _outages(found: Report) -> list[list[str]]:
    names = found.department_names

    def departments(row: OutageRow) -> str:
        return ", ".join(names[id] for id in names if id in row.departments)

    return _table((*OUTAGES, (_l("Departments"), departments)), found.outages)


def _figures(found: Report) -> list[list[str]]:
    """Each month of each department, and of all of them together: one line, with a column for each kind of cause."""
    causes = [cause for cause in found.by_cause if cause is not None]
    columns: list[Column] = [
        (_l("Month"), lambda row: row[0]),
        (_l("Department"), lambda row: row[1]),
        (_l("Outages"), lambda row: row[2].outages),
        (_l("To notice, median (minutes)"), lambda row: _tenths(row[2].to_notice.median)),
        (_l("To first message, median (minutes)"), lambda row: _tenths(row[2].to_tell.median)),
        (_l("To resolution, median (minutes)"), lambda row: _tenths(row[2].to_resolve.median)),
        (_l("Promises kept"), lambda row: row[2].promises_kept),
        (_l("Promises"), lambda row: row[2].promises),
        *((CAUSE_NAMES[cause], lambda row, cause=cause: row[2].causes.get(cause, 0)) for cause in causes),
        (_l("No review says it"), lambda row: row[2].causes.get(None, 0)),
    ]
    rows: list[tuple[str, str, Figures]] = []
    for month, figures in found.months.items():
        rows.append((str(month), str(_l("All")), figures))
        began = [row for row in found.outages if row.month == month]
        of_each = by_department(began, found.department_names)
        rows += [(str(month), found.department_names[id], one) for id, one in of_each.items()]
    return _table(tuple(columns), rows)


TABLES: dict[str, Callable[[Report], list[list[str]]]] = {
    "availability": _availability,
    "outages": _outages,
    "figures": _figures,
}
