"""Which mailings there are, when each is still wanted, and when what it said does not hold any more. No I/O."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from plugins.outage_notice.announcements.rules import (
    CORRECT_ETA,
    Kind,
    Phase,
    Record,
    Status,
    Weight,
    current_occurrence,
    expected_end,
    holds_back,
    phase,
)

PEOPLE_AT_ONCE = 100  # looked at and written to in one transaction
STARTS = frozenset({"starts_at", "recurrence", "time_zone"})  # the end is corrected as it is in replies


class MailKind(StrEnum):
    planned = "planned"  # an entry of the notice plan: to everybody in the audience
    # To those who were mailed before:
    changed = "changed"  # another time than they were told
    over = "over"
    called_off = "called_off"  # cancelled, or published by mistake
    back = "back"  # not over after all


ENDINGS = frozenset({MailKind.over, MailKind.called_off})


class Mailed(Record, Protocol):
    """A record that says when it should be over, and until when its end can be undone."""

    @property
    def eta(self) -> datetime | None: ...
    @property
    def undo_until(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Said:
    """What a mail promised: a start that was still to come, an end. None: nothing."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None


NOTHING = Said()


class Now(StrEnum):
    """What becomes of a mailing at this moment: it goes on, waits, or is not wanted any more."""

    go = "go"
    wait = "wait"
    stop = "stop"


def said_at(record: Mailed, now: datetime) -> Said:
    """What a mail that is written now promises; of a repetition, of the time that runs or is next."""
    occurrence = current_occurrence(record, now)
    starts_at = occurrence.start if occurrence else record.starts_at
    if record.actual_start_at is not None or (starts_at is not None and starts_at <= now):
        starts_at = None
    planned = None if record.kind is Kind.incident else record.planned_end_at
    return Said(starts_at, expected_end(record, now) or planned)


def is_wrong(told: Said, present: Said) -> bool:
    """Whether somebody who was told this must be told what holds now. That it has begun is no change of its start."""
    return has_moved(told, present) or (told.ends_at is not None and told.ends_at != present.ends_at)


def has_moved(told: Said, present: Said) -> bool:
    """Whether it starts at another time than somebody was told."""
    return None not in (told.starts_at, present.starts_at) and told.starts_at != present.starts_at


def wants_correction(weight: Weight, what: Collection[str], also: Collection[str]) -> bool:
    """Whether an edit or an update of these fields corrects what people were mailed."""
    return CORRECT_ETA in also or (weight is not Weight.silent and not STARTS.isdisjoint(what))


def occurrence_now(record: Record, now: datetime) -> str:
    """The key of the time of a repetition that runs or is next; "" for what happens once."""
    occurrence = current_occurrence(record, now)
    return "" if occurrence is None else occurrence.on.isoformat()


def is_over(record: Mailed, occurrence_on: str, ends_at: datetime | None, now: datetime) -> bool:
    """Whether what a mailing was about is over: all of it, or that time of a repetition, which was to end at
    `ends_at`. One that can still be undone is not.
    """
    where = phase(record, now)
    if where in (Phase.over, Phase.cancelled):
        return not holds_back(record, now)
    has_passed = ends_at is not None and ends_at <= now
    return bool(occurrence_on) and has_passed and occurrence_now(record, now) != occurrence_on


def what_now(record: Mailed, kind: MailKind, occurrence_on: str, now: datetime) -> Now:
    """Whether a mailing of this kind still says what is true."""
    where = phase(record, now)
    if kind in ENDINGS:
        ends = where is Phase.cancelled if kind is MailKind.called_off else where is Phase.over or bool(occurrence_on)
        return Now.go if ends else Now.stop
    if where in (Phase.upcoming, Phase.active):
        return Now.go if occurrence_now(record, now) == occurrence_on else Now.stop
    return Now.wait if where is Phase.over and holds_back(record, now) else Now.stop


def ending_of(status: Status) -> MailKind:
    """How its end is told."""
    return MailKind.called_off if status in (Status.cancelled, Status.withdrawn) else MailKind.over
