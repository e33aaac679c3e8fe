"""What an outage promises, by its level and by what people were told; whether it was kept, and who is told when not.

Everything is computed from the record, its messages and the clock. Nothing here is stored, so a promise that moves
takes its reminders with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum

from plugins.outage_notice.announcements.rules import Kind, Severity

REMIND_BEFORE = timedelta(minutes=5)
MINUTES_LIMIT = 60 * 24 * 60  # sixty days


class PromiseKind(StrEnum):
    first_message = "first_message"  # published, from the start on
    response = "response"  # somebody said "I have it"
    update = "update"  # the next word, as it was promised or as the level asks
    eta = "eta"  # the expected end that people were told
    end = "end"  # the planned end of a maintenance
    resolution = "resolution"  # it works again


class TellStep(StrEnum):
    """Who is told of a promise, in this order."""

    owner = "owner"  # before it is due
    team = "team"
    management = "management"


@dataclass(frozen=True, slots=True)
class Targets:
    """Minutes, or None for no target. `escalate_minutes`: how long late until the next person is told."""

    first_message_minutes: int | None = None
    response_minutes: int | None = None
    update_minutes: int | None = None
    resolution_minutes: int | None = None
    escalate_minutes: int = 10


DEFAULT_TARGETS: Mapping[int, Targets] = {
    Severity.critical: Targets(15, 10, 30, 4 * 60),
    Severity.major: Targets(30, 20, 60, 8 * 60),
    Severity.minor: Targets(8 * 60, None, None, 3 * 24 * 60),
    Severity.notice: Targets(),
}


def strictest(found: Iterable[Targets]) -> Targets:
    """The shortest time of each kind: one agreement does not loosen another."""
    agreed = list(found)
    shortest = {
        field.name: min((v for t in agreed if (v := getattr(t, field.name)) is not None), default=None)
        for field in fields(Targets)
    }
    escalate = shortest.pop("escalate_minutes")
    return Targets(**shortest, escalate_minutes=10 if escalate is None else escalate)


@dataclass(frozen=True, slots=True)
class Message:
    """A moment at which people were told something. `promised_at`: the next update that was promised then.

    `ends`: it was the last word.
    """

    at: datetime
    promised_at: datetime | None = None
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Course:
    """What is known of one announcement's course. Moments are None for what has not happened.

    `started_at`: since when it is broken. `shown_at`: when people could first see it. `next_update_at`, `eta` and
    `planned_end_at` are as they stand now. `answered_at`: the first "I have it"; `was_called`: whether anybody
    was asked.
    """

    kind: Kind
    severity: int
    started_at: datetime | None
    shown_at: datetime | None
    ended_at: datetime | None
    is_live: bool
    messages: tuple[Message, ...] = ()
    next_update_at: datetime | None = None
    eta: datetime | None = None
    planned_end_at: datetime | None = None
    answered_at: datetime | None = None
    was_called: bool = False
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Promise:
    """`kept_at` None: not yet, or never."""

    kind: PromiseKind
    due_at: datetime
    kept_at: datetime | None = None

    @property
    def was_kept_in_time(self) -> bool:
        return self.kept_at is not None and self.kept_at <= self.due_at

    def is_late(self, now: datetime) -> bool:
        """Whether it is open and its time has passed."""
        return self.kept_at is None and self.due_at <= now


def promises_of_course(course: Course, targets: Targets) -> list[Promise]:
    """What was and is promised, by due time. Each update is one promise; open ones have no `kept_at`."""
    found = [*_updates(course, targets), *_end(course)]
    if course.kind is Kind.incident:
        found += [*_first(course, targets), *_response(course, targets), *_eta(course), *_resolution(course, targets)]
    return sorted(found, key=lambda promise: (promise.due_at, promise.kind))


def open_promises(promises: Iterable[Promise]) -> list[Promise]:
    return [promise for promise in promises if promise.kept_at is None]


def _after(moment: datetime, minutes: int) -> datetime:
    return moment + timedelta(minutes=minutes)


def _first(course: Course, targets: Targets) -> Iterator[Promise]:
    if course.started_at is None or targets.first_message_minutes is None:
        return
    yield Promise(PromiseKind.first_message, _after(course.started_at, targets.first_message_minutes), course.shown_at)


def _response(course: Course, targets: Targets) -> Iterator[Promise]:
    """Where nobody was called, whoever published it has it."""
    if course.shown_at is None or targets.response_minutes is None:
        return
    answered_at = course.answered_at if course.was_called else course.shown_at
    if answered_at is None and not course.is_live:
        answered_at = course.ended_at
    yield Promise(PromiseKind.response, _after(course.shown_at, targets.response_minutes), answered_at)


def _updates(course: Course, targets: Targets) -> Iterator[Promise]:
    interval = targets.update_minutes if course.kind is Kind.incident else None
    for index, message in enumerate(course.messages):
        if message.ends:
            continue
        following = next(iter(course.messages[index + 1 :]), None)
        promised_at = message.promised_at
        if following is None:
            if not course.is_live:
                continue  # called off by the clock: nobody waits for a word
            promised_at = course.next_update_at
        due_at = promised_at or (None if interval is None else _after(message.at, interval))
        if due_at is not None:
            yield Promise(PromiseKind.update, due_at, None if following is None else following.at)


def _eta(course: Course) -> Iterator[Promise]:
    """Only the one that stands now: a former one was replaced in time or shows as a late update."""
    if course.eta is not None and course.shown_at is not None:
        if course.is_live:
            yield Promise(PromiseKind.eta, course.eta)
        elif course.ended_at is not None:
            yield Promise(PromiseKind.eta, course.eta, course.ended_at)


def _end(course: Course) -> Iterator[Promise]:
    """While it runs, the end that people were told last; looking back, the one that was planned."""
    if course.kind is not Kind.maintenance or course.planned_end_at is None or course.repeats:
        return
    if course.is_live:
        yield Promise(PromiseKind.end, course.eta or course.planned_end_at)
    elif course.ended_at is not None:
        yield Promise(PromiseKind.end, course.planned_end_at, course.ended_at)


def _resolution(course: Course, targets: Targets) -> Iterator[Promise]:
    if course.started_at is None or course.shown_at is None or targets.resolution_minutes is None:
        return
    if course.is_live or course.ended_at is not None:
        yield Promise(PromiseKind.resolution, _after(course.started_at, targets.resolution_minutes), course.ended_at)


@dataclass(frozen=True, slots=True)
class Tell:
    """Somebody to tell of one promise."""

    promise: Promise
    step: TellStep
    at: datetime


def tells_due(promise: Promise, escalate_minutes: int, now: datetime) -> list[Tell]:
    """Whom to tell of an open promise by now: the owner five minutes before, then team and management when late."""
    if promise.kept_at is not None:
        return []
    wait = timedelta(minutes=escalate_minutes)
    plan = (
        Tell(promise, TellStep.owner, promise.due_at - REMIND_BEFORE),
        Tell(promise, TellStep.team, promise.due_at + wait),
        Tell(promise, TellStep.management, promise.due_at + 2 * wait),
    )
    return [tell for tell in plan if tell.at <= now]
