"""The week as a drawing: what runs and what is planned, on seven days from today on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import combinations, takewhile
from zoneinfo import ZoneInfo

from flask_babel import format_date, format_time
from flask_babel import gettext as _

from plugins.outage_notice.announcements import rules
from plugins.outage_notice.announcements.queries.records import FullAnnouncement
from plugins.outage_notice.announcements.rules.lifecycle import occurrences
from plugins.outage_notice.announcements.views.rows import style_of

DAYS = 7
WIDTH = 1080.0
DAY_WIDTH = WIDTH / DAYS
LANE_HEIGHT = 30
TOP = 38
LEAST_WIDTH = 9.0
CHARACTER = 6.6  # width of one, for keeping labels apart
LABEL_LIMIT = 28
MOST_OVERLAPS = 3


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    width: float
    y: float
    style: str
    label: str
    label_x: float
    anchor: str  # start, or end at the end of the week


@dataclass(frozen=True, slots=True)
class Day:
    x: float
    label: str
    is_today: bool
    is_weekend: bool


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two planned changes at the same time. `day` is the local day of the first common moment."""

    day: str
    first: FullAnnouncement
    second: FullAnnouncement


@dataclass(frozen=True, slots=True)
class Week:
    days: tuple[Day, ...]
    bars: tuple[Bar, ...]
    overlaps: tuple[Overlap, ...]
    now_x: float
    height: int
    sentence: str


@dataclass(frozen=True, slots=True)
class _Span:
    start: datetime
    end: datetime
    of: FullAnnouncement


def week_of(found: Iterable[FullAnnouncement], now: datetime, zone: ZoneInfo) -> Week:
    """The drawing of the announcements that run now or begin within seven days, in the reader's zone."""
    first = datetime.combine(now.astimezone(zone).date(), time(), zone)
    last = datetime.combine(first.date() + timedelta(days=DAYS), time(), zone)
    spans = sorted((s for one in found for s in _spans(one, now, first, last)), key=lambda s: (s.start, s.of.record.id))
    bars = tuple(_bars(spans, first, zone))
    lanes = max((round((bar.y - TOP) / LANE_HEIGHT) + 1 for bar in bars), default=1)
    return Week(
        days=tuple(_day(first, index) for index in range(DAYS)),
        bars=bars,
        overlaps=tuple(_overlaps(spans, zone))[:MOST_OVERLAPS],
        now_x=_x(now, first, zone),
        height=TOP + max(lanes, 2) * LANE_HEIGHT + 8,
        sentence=_sentence(spans, first, zone),
    )


def _spans(one: FullAnnouncement, now: datetime, first: datetime, last: datetime) -> list[_Span]:
    record = one.record
    if record.recurrence:
        times = takewhile(lambda t: t.start < last, occurrences(record, first))
        return [_Span(t.start, t.end, one) for t in times]
    start = record.actual_start_at or record.starts_at or record.show_from or record.published_at
    if start is None:
        return []
    end = record.planned_end_at or record.show_until
    if end is None or end <= start or (rules.phase(record, now) is rules.Phase.active and end < now):
        end = max(now, start + timedelta(hours=1))
    return [_Span(start, end, one)] if start < last and end > first else []


def _x(moment: datetime, first: datetime, zone: ZoneInfo) -> float:
    local = moment.astimezone(zone)
    hours = local.hour + local.minute / 60
    return round(((local.date() - first.date()).days + hours / 24) * DAY_WIDTH, 1)


def _bars(spans: list[_Span], first: datetime, zone: ZoneInfo) -> Iterable[Bar]:
    taken: list[float] = []  # up to where each lane is used
    for span in spans:
        x = max(0.0, _x(span.start, first, zone))
        width = max(LEAST_WIDTH, min(WIDTH, _x(span.end, first, zone)) - x)
        title = span.of.record.title
        label = title if len(title) <= LABEL_LIMIT else title[: LABEL_LIMIT - 1].rstrip() + "…"
        length = len(label) * CHARACTER
        before = x + width + 6 + length > WIDTH
        begins = x - 6 - length if before else x
        ends = x + width if before else x + width + 6 + length
        lane = next((i for i, until in enumerate(taken) if until + 8 <= begins), len(taken))
        taken[lane : lane + 1] = [ends]
        label_x, anchor = (x - 6, "end") if before else (x + width + 6, "start")
        style = style_of(span.of.record.kind, span.of.record.severity)
        yield Bar(x, round(width, 1), TOP + lane * LANE_HEIGHT, style, label, round(label_x, 1), anchor)


def _day(first: datetime, index: int) -> Day:
    date = first.date() + timedelta(days=index)
    name = format_date(date, "EEE d")
    label = _("Today %(day)s", day=date.day) if index == 0 else name
    return Day(round(index * DAY_WIDTH, 1), label, index == 0, date.weekday() >= 5)


def _overlaps(spans: list[_Span], zone: ZoneInfo) -> Iterable[Overlap]:
    """Pairs of planned work at the same time; an incident is nothing that could be moved."""
    planned = [s for s in spans if s.of.record.kind is rules.Kind.maintenance]
    for one, other in combinations(planned, 2):
        if one.of.record.id != other.of.record.id and one.start < other.end and other.start < one.end:
            moment = max(one.start, other.start).astimezone(zone)
            yield Overlap(format_date(moment.date(), "EEEE"), one.of, other.of)


def _sentence(spans: list[_Span], first: datetime, zone: ZoneInfo) -> str:
    parts = [
        _(
            "%(title)s from %(day)s %(time)s",
            title=s.of.record.title,
            day=format_date(s.start.astimezone(zone).date(), "EEE d"),
            time=format_time(s.start.astimezone(zone).time(), "short"),
        )
        for s in spans
    ]
    day = format_date(first.date(), "long")
    return str(_("Week from %(day)s: %(what)s.", day=day, what="; ".join(parts) or _("nothing is planned")))
