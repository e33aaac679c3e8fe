"""The outages of some months, and what they say together. Nothing outside of the months is loaded."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, or_, select

from helpdesk.plugin_api import Service, db, time_limit
from plugins.outage_notice.announcements.models import AffectedService, Announcement
from plugins.outage_notice.announcements.queries.lists import for_department
from plugins.outage_notice.announcements.queries.records import NamedService, services_by_id
from plugins.outage_notice.announcements.rules import LIVE_STATUSES, Effect, Kind, Status
from plugins.outage_notice.announcements.rules.lifecycle import occurrences
from plugins.outage_notice.response.queries.promises import promises_of
from plugins.outage_notice.reviews.models import Review
from plugins.outage_notice.reviews.queries.courses import Course, courses_of, has_named
from plugins.outage_notice.reviews.queries.departments import branches_below, concerned_branches
from plugins.outage_notice.reviews.queries.moments import CHUNK, moments_of
from plugins.outage_notice.reviews.rules import Availability, Cause, Moments, Outage, availability
from plugins.outage_notice.reviews.rules.breakdown import Figures, by_department, by_month, figures_of
from plugins.outage_notice.reviews.rules.months import Month, MonthRange, month_of
from plugins.outage_notice.reviews.rules.stretches import (
    Stretch,
    effects_over_time,
    outages_of,
    stretches_of,
    time_on,
)

LONGEST = timedelta(days=366)  # what began earlier before the first month is not looked for
OUTAGES_LIMIT = 3000
OCCURRENCES_LIMIT = 1000
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which outages: the months in a zone, and of which department and service (None: all)."""

    months: MonthRange
    zone: ZoneInfo
    department_id: int | None = None
    service_id: int | None = None


@dataclass(frozen=True, slots=True)
class OutageRow:
    """One incident that began in these months. Times in minutes from its start, and those it was on until it was
    resolved; None: not known, or not over. `departments`: those of the report that it concerned.
    """

    id: int
    title: str
    severity: int
    month: Month
    started_at: datetime
    ended_at: datetime | None
    cause: Cause | None
    services: tuple[str, ...]
    to_notice: float | None
    to_tell: float | None
    to_resolve: float | None
    promises_kept: int
    promises: int
    departments: frozenset[int]


@dataclass(frozen=True, slots=True)
class ServiceRow:
    id: int
    name: str
    outages: int
    availability: Availability


@dataclass(frozen=True, slots=True)
class Repeat:
    """A kind of cause that broke the same service more than once."""

    cause: Cause
    service: str
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """`levels` counts by month and level, `by_cause` by cause and level. `months` and `departments` hold the figures of
    each, `department_names` those departments in order. `is_cut`: there were more outages than one report holds.
    """

    outages: tuple[OutageRow, ...]
    services: tuple[ServiceRow, ...]
    levels: Mapping[Month, Mapping[int, int]]
    by_cause: Mapping[Cause | None, Mapping[int, int]]
    all: Figures
    months: Mapping[Month, Figures]
    departments: Mapping[int, Figures]
    department_names: Mapping[int, str]
    repeats: tuple[Repeat, ...]
    start: datetime
    end: datetime
    is_cut: bool


@dataclass(frozen=True, slots=True)
class _Found:
    """What one report is made of: the records with their moments and services, and the bounds of its months."""

    wanted: Wanted
    records: Sequence[Announcement]
    moments: Mapping[int, Moments]
    services: Mapping[int, list[NamedService]]
    courses: Mapping[int, Course]
    branches: Mapping[int, frozenset[int]]
    start: datetime
    end: datetime

    def stretches(self, record: Announcement) -> tuple[Stretch, ...]:
        """When it was on in the months, between each end and reopening not; of a repeated one, each of its times."""
        if record.recurrence:
            until = min(self.end, record.closed_at or self.end)
            times = takewhile(lambda o: o.start < until, occurrences(record, self.start))
            return tuple((o.start, min(o.end, until)) for o, _n in zip(times, range(OCCURRENCES_LIMIT), strict=False))
        moments = self.moments[record.id]
        return stretches_of(moments.started_at, moments.ended_at, self.courses[record.id].turns, self.end)

    def outages(self, record: Announcement) -> dict[int, list[Outage]]:
        """What each service had while it was affected, by its id."""
        present = {s.id: s.effect for s in self.services.get(record.id, ())}
        return outages_of(self.stretches(record), effects_over_time(self.courses[record.id].turns, present))

    def affected(self, record: Announcement) -> dict[int, str]:
        """The services of it, and those that were taken off while it was on, by id."""
        former, present = self.courses[record.id].names, self.services.get(record.id, ())
        return {s.id: s.name for s in present} | {
            id: former[id] for id in self.outages(record) if id not in {s.id for s in present}
        }


@time_limit()
def report(wanted: Wanted, now: datetime) -> Report:
    """What happened in these months up to now, without drills and what was called off or published by mistake."""
    start, end = wanted.months.bounds(wanted.zone)
    end = max(min(end, now), start)
    records = _records(wanted, start, end)
    is_cut = len(records) > OUTAGES_LIMIT
    records = records[:OUTAGES_LIMIT]
    branches = branches_below(wanted.department_id)
    found = _Found(
        wanted,
        records,
        moments_of(records),
        _services(records),
        courses_of(records),
        concerned_branches([record.id for record in records], branches),
        start,
        end,
    )
    if wanted.service_id is not None:
        found = replace(found, records=[r for r in records if wanted.service_id in found.affected(r)])
    rows = _rows(found)
    return Report(
        outages=tuple(rows),
        services=tuple(_service_rows(found)),
        levels=_levels(rows, wanted.months),
        by_cause=_by_cause(rows),
        all=figures_of(rows),
        months=by_month(rows, wanted.months.months),
        departments=by_department(rows, branches),
        department_names=branches,
        repeats=tuple(_repeats(rows)),
        start=start,
        end=end,
        is_cut=is_cut,
    )


def _records(wanted: Wanted, start: datetime, end: datetime) -> list[Announcement]:
    """What overlaps the months: found by its start, repeated ones by being alive then."""
    began, ended = Announcement.actual_start_at, Announcement.actual_end_at
    once = and_(
        Announcement.recurrence.is_(None),
        began >= start - LONGEST,
        began < end,
        or_(ended > start, and_(ended.is_(None), Announcement.status.in_(LIVE_STATUSES))),
    )
    repeated = and_(
        Announcement.recurrence.is_not(None),
        or_(Announcement.status.in_(LIVE_STATUSES), Announcement.closed_at > start),
    )
    conditions: list[ColumnElement[bool]] = [
        Announcement.kind.in_((Kind.incident, Kind.maintenance)),
        Announcement.is_drill.is_(False),
        Announcement.status.not_in((Status.draft, Status.cancelled, Status.withdrawn)),
    ]
    if wanted.department_id is not None:
        conditions.append(for_department(wanted.department_id))
    if wanted.service_id is not None:
        conditions.append(
            or_(
                exists().where(
                    AffectedService.announcement_id == Announcement.id, AffectedService.service_id == wanted.service_id
                ),
                has_named(wanted.service_id),
            )
        )
    found: list[Announcement] = []
    for part in (once, repeated):  # apart, so that each finds its own index
        query = select(Announcement).where(part, *conditions).order_by(began.desc(), Announcement.id.desc())
        found += db.session.scalars(query.limit(OUTAGES_LIMIT + 1))
    return found


def _services(records: Sequence[Announcement]) -> dict[int, list[NamedService]]:
    found: dict[int, list[NamedService]] = {}
    for at in range(0, len(records), CHUNK):
        found |= services_by_id([r.id for r in records[at : at + CHUNK]])
    return found


def _rows(found: _Found) -> list[OutageRow]:
    incidents = [
        r
        for r in found.records
        if r.kind is Kind.incident
        and not r.recurrence
        and found.start <= (found.moments[r.id].started_at or found.start) < found.end
    ]
    causes: dict[int, Cause | None] = {}
    kept: dict[int, tuple[int, int]] = {}
    for at in range(0, len(incidents), CHUNK):
        ids = [r.id for r in incidents[at : at + CHUNK]]
        query = select(Review.announcement_id, Review.cause).where(Review.announcement_id.in_(ids))
        causes |= {row.announcement_id: row.cause for row in db.session.execute(query)}
        for id, promises in promises_of(ids).items():
            decided = [p for p in promises if p.kept_at is not None or p.due_at <= found.end]
            kept[id] = sum(p.was_kept_in_time for p in decided), len(decided)
    return [_row(found, r, causes, kept) for r in incidents]


def _row(
    found: _Found, record: Announcement, causes: Mapping[int, Cause | None], kept: Mapping[int, tuple[int, int]]
) -> OutageRow:
    moments = found.moments[record.id]
    started = moments.started_at or record.created_at
    resolved = None if moments.ended_at is None else time_on(found.stretches(record)) / MINUTE

    def after(moment: datetime | None) -> float | None:
        return None if moment is None else max((moment - started) / MINUTE, 0.0)

    return OutageRow(
        record.id,
        record.title,
        record.severity,
        month_of(started, found.wanted.zone),
        started,
        moments.ended_at,
        causes.get(record.id),
        tuple(found.affected(record).values()),
        after(moments.noticed_at),
        after(moments.told_at),
        resolved,
        *kept.get(record.id, (0, 0)),
        found.branches[record.id],
    )


def _service_rows(found: _Found) -> list[ServiceRow]:
    """Every service that something happened to, the worst first. Planned work is maintenance whatever its effect."""
    outages: defaultdict[int, list[Outage]] = defaultdict(list)
    counts: Counter[int] = Counter()
    names: dict[int, str] = {}
    for record in found.records:
        planned = record.kind is Kind.maintenance
        present = {s.id: s.name for s in found.services.get(record.id, ())}
        names = {**found.courses[record.id].names, **names, **present}
        for service_id, mine in found.outages(record).items():
            if found.wanted.service_id in (None, service_id):
                outages[service_id] += [replace(o, effect=Effect.under_maintenance) for o in mine] if planned else mine
                counts[service_id] += not planned
    rows = [
        ServiceRow(id, names[id], counts[id], availability(mine, found.start, found.end))
        for id, mine in outages.items()
        if any(o.start < found.end and o.end > found.start for o in mine)
    ]
    return sorted(rows, key=lambda r: (-r.availability.down, -r.availability.affected, r.name))


def _levels(rows: Sequence[OutageRow], months: MonthRange) -> dict[Month, dict[int, int]]:
    found: dict[Month, dict[int, int]] = {month: {} for month in months.months}
    for row in rows:
        counts = found.setdefault(row.month, {})
        counts[row.severity] = counts.get(row.severity, 0) + 1
    return found


def _by_cause(rows: Sequence[OutageRow]) -> dict[Cause | None, dict[int, int]]:
    found: dict[Cause | None, dict[int, int]] = {}
    for row in rows:
        counts = found.setdefault(row.cause, {})
        counts[row.severity] = counts.get(row.severity, 0) + 1
    return dict(sorted(found.items(), key=lambda item: (item[0] is None, -sum(item[1].values()), str(item[0]))))


def _repeats(rows: Sequence[OutageRow]) -> list[Repeat]:
    found: defaultdict[tuple[Cause, str], list[int]] = defaultdict(list)
    for row in rows:
        if row.cause is not None and row.cause is not Cause.unknown:
            for service in row.services:
                found[row.cause, service].append(row.id)
    repeats = [Repeat(cause, name, tuple(ids)) for (cause, name), ids in found.items() if len(ids) > 1]
    return sorted(repeats, key=lambda r: (-len(r.ids), r.service))


def services_for_filter(limit: int = 500) -> list[tuple[int, str]]:
    """Services to choose from, by name."""
    rows = db.session.execute(select(Service.id, Service.name).order_by(Service.name).limit(limit))
    return [(row.id, row.name) for row in rows]
