"""What an outage promises, by its level and by what people were told; whether it was kept, and who is told when not.

Everything is computed from the record, its messages and the clock, and judged by what held at the time: a promise
that was missed stays missed when its time is changed afterwards, and another level promises from then on. Nothing here
is stored, so a promise that moves takes its reminders with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum

from plugins.outage_notice.announcements.rules import Kind, Severity
from plugins.outage_notice.response.rules.calling import Duty

REMIND_BEFORE = timedelta(minutes=5)
MINUTES_LIMIT = 60 * 24 * 60  # sixty days
ESCALATE_MINUTES = 10


class PromiseKind(StrEnum):
    first_message = "first_message"  # published, from the start on
    response = "response"  # somebody said "I have it"
    update = "update"  # the next word, as it was promised or as the level asks
    eta = "eta"  # the expected end that people were told
    end = "end"  # the planned end of a maintenance
    resolution = "resolution"  # it works again


_DUTIES = {
    PromiseKind.first_message: Duty.writer, PromiseKind.update: Duty.writer, PromiseKind.eta: Duty.writer,
    PromiseKind.response: Duty.lead, PromiseKind.end: Duty.lead, PromiseKind.resolution: Duty.lead,
}  # fmt: skip


def duty_of_promise(kind: PromiseKind) -> Duty:
    """Who keeps it: what people are told is the writer's, what is done is the lead's."""
    return _DUTIES[kind]


class TellStep(StrEnum):
    """Who is told of a promise, in this order."""

    owner = "owner"  # who has the duty, else the owner: before it is due
    team = "team"
    management = "management"


@dataclass(frozen=True, slots=True)
class Targets:
    """Minutes, or None for no target. `escalate_minutes`: how long late until the next person is told; None: as
    elsewhere agreed, at last ten.
    """

    first_message_minutes: int | None = None
    response_minutes: int | None = None
    update_minutes: int | None = None
    resolution_minutes: int | None = None
    escalate_minutes: int | None = None

    @property
    def is_empty(self) -> bool:
        return self == Targets()


DEFAULT_TARGETS: Mapping[int, Targets] = {
    Severity.critical: Targets(15, 10, 30, 4 * 60, ESCALATE_MINUTES),
    Severity.major: Targets(30, 20, 60, 8 * 60, ESCALATE_MINUTES),
    Severity.minor: Targets(8 * 60, None, None, 3 * 24 * 60, ESCALATE_MINUTES),
    Severity.notice: Targets(escalate_minutes=ESCALATE_MINUTES),
}


def strictest(found: Iterable[Targets]) -> Targets:
    """The shortest time of each kind: one agreement does not loosen another."""
    agreed = list(found)
    return Targets(
        **{
            one.name: min((v for targets in agreed if (v := getattr(targets, one.name)) is not None), default=None)
            for one in fields(Targets)
        }
    )


@dataclass(frozen=True, slots=True)
class Move:
    """The time of the next update was changed at this moment. `is_silent`: without telling anybody."""

    at: datetime
    promised_at: datetime | None
    is_silent: bool = True


@dataclass(frozen=True, slots=True)
class Estimate:
    """Another expected end (None: not known) since this moment. `is_silent`: without telling anybody."""

    at: datetime
    eta: datetime | None
    is_silent: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A moment at which people were told something. `promised_at`: the next update that was promised then; `moves`:
    how that was changed before the next word. `ends`: it was the last word.
    """

    at: datetime
    promised_at: datetime | None = None
    ends: bool = False
    moves: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True)
class Course:
    """What is known of one announcement's course. Moments are None for what has not happened.

    `severity`, `next_update_at`, `eta` and `planned_end_at` are as they stand now; `raised`: each level that was given
    after it was first shown, and since when, `first_severity` the one before those. `started_at`: since when it is
    broken. `shown_at`: when people could first see it. `answered_at`: the first "I have it"; `was_called`: whether
    anybody was asked. `estimates`: each expected end that differed from the one before, in order.
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
    first_severity: int | None = None
    raised: tuple[tuple[datetime, int], ...] = ()
    estimates: tuple[Estimate, ...] = ()

    @property
    def first_level(self) -> int:
        return self.severity if self.first_severity is None else self.first_severity

    def level_at(self, moment: datetime) -> int:
        """The level that it had then."""
        return next((level for at, level in reversed(self.raised) if at <= moment), self.first_level)


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


def open_promises(promises: Iterable[Promise]) -> list[Promise]:
    return [promise for promise in promises if promise.kept_at is None]


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
