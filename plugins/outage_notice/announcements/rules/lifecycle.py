"""Phase, status and visibility of an announcement: computed from its record and the clock, never stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from plugins.outage_notice.announcements.rules.recurrence import RecurrenceRule, Span, parse_recurrence, spans
from plugins.outage_notice.announcements.rules.times import to_utc, wall_time
from plugins.outage_notice.announcements.rules.vocabulary import Kind, Phase, Status

STATUSES: dict[Kind, tuple[Status, ...]] = {
    Kind.incident: (Status.investigating, Status.identified, Status.monitoring, Status.resolved),
    Kind.maintenance: (Status.scheduled, Status.in_progress, Status.verifying, Status.completed),
    Kind.information: (Status.active, Status.ended),
}
LIVE_STATUSES = tuple(status for sequence in STATUSES.values() for status in sequence[:-1])
ENDINGS = (Status.resolved, Status.completed, Status.ended)
WITHDRAWALS = (Status.cancelled, Status.withdrawn)
# What an update may say, by what was said before. Steps may be skipped; an incident may also go back, and so may the
# checks after a maintenance. Endings are not updates.
MAY_POST: dict[Kind, dict[Status, frozenset[Status]]] = {
    Kind.incident: {s: frozenset(STATUSES[Kind.incident][:-1]) for s in STATUSES[Kind.incident][:-1]},
    Kind.maintenance: {
        Status.scheduled: frozenset({Status.scheduled, Status.in_progress, Status.verifying}),
        Status.in_progress: frozenset({Status.in_progress, Status.verifying}),
        Status.verifying: frozenset({Status.in_progress, Status.verifying}),
    },
    Kind.information: {Status.active: frozenset({Status.active})},
}


class Timed(Protocol):
    """What is needed of a record or a draft to know its dates."""

    @property
    def kind(self) -> Kind: ...
    @property
    def show_from(self) -> datetime | None: ...
    @property
    def show_until(self) -> datetime | None: ...
    @property
    def starts_at(self) -> datetime | None: ...
    @property
    def planned_end_at(self) -> datetime | None: ...
    @property
    def ends_by_itself(self) -> bool: ...
    @property
    def recurrence(self) -> str | None: ...
    @property
    def time_zone(self) -> str: ...


class Record(Timed, Protocol):
    """What is needed of an announcement to know where it stands."""

    @property
    def status(self) -> Status: ...
    @property
    def published_at(self) -> datetime | None: ...
    @property
    def actual_start_at(self) -> datetime | None: ...
    @property
    def actual_end_at(self) -> datetime | None: ...


class Expected(Record, Protocol):
    """A record that says when it should be over."""

    @property
    def eta(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time of a repeated announcement: shown from `show_from` (not before the one before it ended) to `end`.

    `former_end`: when the one before it ended, None for the first.
    """

    show_from: datetime
    start: datetime
    end: datetime
    on: date
    former_end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """Whether the banner is shown now, and since or from when, until when as far as the record says."""

    is_shown: bool
    shown_from: datetime | None
    shown_until: datetime | None


def first_status(kind: Kind) -> Status:
    return STATUSES[kind][0]


def final_status(kind: Kind) -> Status:
    return STATUSES[kind][-1]


def may_post_status(kind: Kind, before: Status, after: Status) -> bool:
    """Whether an update may carry `after` when `before` was said last."""
    return after in MAY_POST[kind].get(before, frozenset())


def can_end(record: Record, now: datetime) -> bool:
    """Whether it can still be resolved, cancelled or withdrawn."""
    return phase(record, now) in (Phase.upcoming, Phase.active)


def can_reopen(record: Record, now: datetime) -> bool:
    """Only a resolved incident."""
    return effective_status(record, now) is Status.resolved


def rule_of(record: Timed) -> RecurrenceRule | None:
    """The repetition of a record; None when it happens once. Raises BadRecurrence."""
    return parse_recurrence(record.recurrence, record.time_zone) if record.recurrence else None


def occurrences(record: Timed, after: datetime | None = None) -> Iterator[Occurrence]:
    """The times of a repeated record that end after `after`, in order; nothing when it lacks start, end or rule.

    `show_until` ends the whole series. `show_from` leads every time by as much (on the wall) as it leads the first;
    without it each time is shown from its start.
    """
    rule = rule_of(record)
    if rule is None or record.starts_at is None or record.planned_end_at is None:
        return
    lead = None
    if record.show_from is not None:
        lead = wall_time(record.starts_at, record.time_zone) - wall_time(record.show_from, record.time_zone)
    previous: Span | None = None
    for span in spans(rule, record.starts_at, record.planned_end_at, record.time_zone):
        if after is None or span.end > after:
            shown = span.start
            if lead is not None:
                shown = min(to_utc(wall_time(span.start, record.time_zone) - lead, record.time_zone), span.start)
            if previous is not None:
                shown = max(shown, previous.end)
            yield Occurrence(shown, span.start, span.end, span.on, None if previous is None else previous.end)
        previous = span


# What was found last for each repetition, and for which moment: expanding years of it at every reading takes too long.
_found: dict[tuple[object, ...], tuple[datetime, Occurrence | None]] = {}
_FOUND_AT_MOST = 1000


def current_occurrence(record: Timed, now: datetime) -> Occurrence | None:
    """The time that runs now, else the next one. None when it happens once or no more."""
    if not record.recurrence:
        return None
    series = (record.recurrence, record.time_zone, record.starts_at, record.planned_end_at, record.show_from)
    at, found = _found.get(series, (None, None))
    if at is not None and at <= now and (found is None or now < found.end):
        return found
    found = next(occurrences(record, now), None)
    if len(_found) >= _FOUND_AT_MOST:
        _found.clear()
    _found[series] = now, found
    return found


def phase(record: Record, now: datetime) -> Phase:
    """Where the announcement stands at `now`."""
    if record.status is Status.draft or record.published_at is None:
        return Phase.draft
    if record.status in WITHDRAWALS:
        return Phase.cancelled
    if record.status in ENDINGS or ((ends_at := _ends_at(record)) is not None and ends_at <= now):
        return Phase.over
    if record.recurrence:
        occurrence = current_occurrence(record, now)
        if occurrence is None:
            return Phase.over
        return Phase.active if occurrence.start <= now else Phase.upcoming
    if record.show_from is not None and record.show_from > now:
        return Phase.upcoming
    if record.actual_start_at is None and record.starts_at is not None and record.starts_at > now:
        return Phase.upcoming
    return Phase.active


def _ends_at(record: Record) -> datetime | None:
    """When it is over by itself. Information ends with its display; a plan ends only what ends by itself."""
    ends = []
    if record.show_until is not None and (record.kind is Kind.information or record.recurrence):
        ends.append(record.show_until)
    if record.ends_by_itself and not record.recurrence and record.planned_end_at is not None:
        ends.append(record.planned_end_at)
    return min(ends, default=None)


def effective_status(record: Record, now: datetime) -> Status:
    """The status to say at `now`: what was said last, unless the clock has passed it while no job was running."""
    where = phase(record, now)
    if where is Phase.over and record.status not in ENDINGS:
        return final_status(record.kind)
    if record.status is Status.scheduled and where is Phase.active and _has_started(record, now):
        return Status.in_progress
    if record.recurrence and where is Phase.upcoming and record.kind is Kind.maintenance:
        return Status.scheduled
    return record.status


def _has_started(record: Record, now: datetime) -> bool:
    if record.recurrence:
        return True  # an active time of a repetition runs
    return record.actual_start_at is not None or (record.starts_at is not None and record.starts_at <= now)


def expected_end(record: Expected, now: datetime) -> datetime | None:
    """When it should be over: the ETA, else the planned end of a maintenance. It may have passed."""
    occurrence = current_occurrence(record, now)
    if occurrence is not None:
        return record.eta or occurrence.end
    return record.eta or (record.planned_end_at if record.kind is Kind.maintenance else None)


def window(record: Record, now: datetime) -> Window:
    """Whether the banner of this record is shown at `now` to its audience, and from when to when."""
    where = phase(record, now)
    if where not in (Phase.upcoming, Phase.active):
        return Window(False, None, None)
    if record.recurrence:
        occurrence = current_occurrence(record, now)
        if occurrence is None:
            return Window(False, None, None)
        until = occurrence.end if record.show_until is None else min(occurrence.end, record.show_until)
        start = occurrence.show_from
        if record.published_at is not None:
            start = max(start, record.published_at)
        return Window(start <= now < until, start, until)
    start = record.show_from or record.published_at or now
    if record.published_at is not None:
        start = max(start, record.published_at)
    bounds = [t for t in (record.show_until, _ends_at(record)) if t is not None]
    last = min(bounds, default=None)
    return Window(start <= now and (last is None or now < last), start, last)


def showing_since(record: Record, now: datetime) -> datetime | None:
    """Since when the banner is shown: of a repeated one, since the present time began to show. None: not shown."""
    shown = window(record, now)
    return shown.shown_from if shown.is_shown else None


def was_shown(record: Record, closed_at: datetime | None, now: datetime) -> bool:
    """Whether anybody could have seen it up to `now`, given when it was ended by a person or a step."""
    if record.published_at is None or record.status is Status.draft:
        return False
    last = min(closed_at or now, now)
    if record.recurrence:
        first = next(occurrences(record), None)
        began = None if first is None else first.show_from
    else:
        began = record.show_from or record.published_at
    if began is None or (record.show_until is not None and record.show_until <= record.published_at):
        return False
    return max(began, record.published_at) <= last


def next_change_at(record: Record, now: datetime) -> datetime | None:
    """The next moment after `now` at which phase, status or visibility change by themselves. None: never."""
    if phase(record, now) not in (Phase.upcoming, Phase.active):
        return None
    moments = [record.show_until, _ends_at(record)]
    if record.recurrence:
        occurrence = current_occurrence(record, now)
        if occurrence is not None:
            moments += [occurrence.show_from, occurrence.start, occurrence.end]
    else:
        moments += [record.show_from]
        if record.actual_start_at is None:
            moments.append(record.starts_at)
    return min((m for m in moments if m is not None and m > now), default=None)
