"""The reach on the page of an announcement: a curve over time, its numbers as a table, and the departments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpdesk.plugin_api import Viewer, allow, get_viewer
from helpdesk.plugin_api import now as clock_now
from plugins.outage_notice.announcements.queries import get_announcement, updates_of
from plugins.outage_notice.announcements.rules import Status
from plugins.outage_notice.announcements.views.blueprint import number
from plugins.outage_notice.banners.queries.curve import Point, reach_curve
from plugins.outage_notice.banners.queries.reach import targeted
from plugins.outage_notice.banners.views.pages import pages

NAMES = {"delivered": _l("Delivered"), "seen": _l("Seen"), "read": _l("Marked as read")}
LEFT, TOP, BOTTOM = 44, 15, 180
TABLE_ROWS = 12
TIMES = 4
MARKS = 8


@dataclass(frozen=True, slots=True)
class Line:
    """One of the three curves: `points` for a polyline, where it ends, and what stands beside its end."""

    key: int
    name: str
    points: str
    end_y: float
    label_y: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """All that one size of the drawing needs, in its own units."""

    width: int
    right: float
    lines: tuple[Line, ...]
    levels: tuple[tuple[str, float], ...]
    times: tuple[tuple[datetime, float], ...]
    marks: tuple[float, ...]


def room_part(announcement_id: int, viewer: Viewer, now: datetime) -> str:
    """The reach for those who announce; "" for agents and drafts."""
    record = get_announcement(viewer, announcement_id)
    if not viewer.may_announce or record.status is Status.draft:
        return ""
    return render_template("outage_notice/room_reach.html", a=record, **_facts(viewer, announcement_id, now))


@pages.get("/announcements/<int:announcement_id>/reach")
@allow("technician")
def reach_part(announcement_id: int) -> str:
    """The curve alone, for a page that keeps it fresh."""
    viewer = get_viewer()
    record = get_announcement(viewer, announcement_id)
    facts = _facts(viewer, announcement_id, clock_now())
    return render_template("outage_notice/room_chart.html", a=record, **facts)


def _facts(viewer: Viewer, announcement_id: int, now: datetime) -> dict[str, object]:
    curve, people = reach_curve(viewer, announcement_id), targeted(announcement_id)
    updates = [u.at for u in updates_of(announcement_id, public_only=True)[:MARKS]]
    return {
        "curve": curve,
        "table": _thin(curve, TABLE_ROWS),
        "charts": _charts(curve, people, updates, now) if curve else {},
        "sentence": _sentence(curve[-1], people) if curve else "",
        "names": NAMES,
        "number": number,
    }


def _charts(curve: Sequence[Point], people: int, updates: Sequence[datetime], now: datetime) -> dict[str, Chart]:
    return {
        "large": chart(curve, people, updates, now, 720, 560),
        "small": chart(curve, people, [], now, 330, 276),
    }


def _sentence(last: Point, people: int) -> str:
    return str(
        _(
            "People reached: delivered to %(delivered)s of %(people)s, seen by %(seen)s, marked as read by %(read)s. "
            "The table below has the numbers over time.",
            delivered=number(last.delivered),
            people=number(people),
            seen=number(last.seen),
            read=number(last.read),
        )
    )


def chart(
    curve: Sequence[Point], people: int, updates: Sequence[datetime], now: datetime, width: int, span: int
) -> Chart:
    """The drawing of a curve `span` units wide, from its first minute to `now` or its last change."""
    first, last = curve[0].at, max(curve[-1].at, min(now, curve[-1].at + (curve[-1].at - curve[0].at)))
    seconds = max((last - first).total_seconds(), 60.0)
    top = max(people, *(p.delivered for p in curve), *(p.seen for p in curve), 1)

    def x(at: datetime) -> float:
        return round(LEFT + span * (at - first).total_seconds() / seconds, 1)

    def y(value: int) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * value / top, 1)

    lines = []
    for key, name in enumerate(NAMES, 1):
        values = [(x(p.at), y(getattr(p, name))) for p in curve]
        values.append((LEFT + span, values[-1][1]))
        label = f"{number(getattr(curve[-1], name))} {NAMES[name]}"
        lines.append(Line(key, name, " ".join(f"{a},{b}" for a, b in values), values[-1][1], values[-1][1] + 4, label))
    steps = sorted({0, round(top / 3), round(top * 2 / 3), top})
    times = _minutes([first + (last - first) * part / TIMES for part in range(TIMES + 1)])
    return Chart(
        width,
        LEFT + span,
        tuple(_apart(lines)),
        tuple((number(step), y(step)) for step in steps),
        tuple((at, x(at)) for at in (times if span > 300 else _minutes([first, last]))),
        tuple(x(at) for at in updates if first < at < last),
    )


def _minutes(times: Sequence[datetime]) -> list[datetime]:
    """The first of each minute: the words beside the drawing name minutes only."""
    kept: dict[datetime, datetime] = {}
    for at in times:
        kept.setdefault(at.replace(second=0, microsecond=0), at)
    return list(kept.values())


def _apart(lines: Sequence[Line]) -> list[Line]:
    """Labels that do not stand over each other: from the top down, each at least a line below the one before."""
    placed: list[Line] = []
    floor = 0.0
    for line in sorted(lines, key=lambda one: (one.end_y, one.key)):
        floor = max(line.label_y, floor + 16)
        placed.append(Line(line.key, line.name, line.points, line.end_y, floor, line.label))
    return sorted(placed, key=lambda one: one.key)


def _thin(curve: Sequence[Point], rows: int) -> list[Point]:
    if len(curve) <= rows:
        return list(curve)
    step = (len(curve) - 1) / (rows - 1)
    return [curve[round(index * step)] for index in range(rows)]
