"""The four phases of an outage: notice, tell, find, fix."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class PhaseName(StrEnum):
    noticing = "notice"  # it is broken, and nobody of the team knows
    telling = "tell"  # the team knows, those affected do not
    finding = "find"  # those affected know, the cause is not found
    fixing = "fix"  # the cause is found, it does not work yet


@dataclass(frozen=True, slots=True)
class Moments:
    """When it started, was noticed, was told, when the cause was found and when it worked again; None: not known."""

    started_at: datetime | None
    noticed_at: datetime | None
    told_at: datetime | None
    found_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Phase:
    """From `start` to `end`; a phase that nobody wrote down the end of is left out."""

    name: PhaseName
    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        return self.end - self.start


def phases_of(moments: Moments, now: datetime) -> tuple[Phase, ...]:
    """The phases in order, without gaps or overlaps. What still runs ends `now`.

    Moments that stand before an earlier one (people were told before the start, the cause was known at once) make the
    phase empty: it has a length of nothing. Moments that are not known are skipped; the phase before goes on.
    """
    if moments.started_at is None:
        return ()
    last = max(moments.ended_at or now, moments.started_at)
    ends = (
        (PhaseName.noticing, moments.noticed_at),
        (PhaseName.telling, moments.told_at),
        (PhaseName.finding, moments.found_at),
        (PhaseName.fixing, last),
    )
    found: list[Phase] = []
    at = moments.started_at
    for name, end in ends:
        if end is not None:
            stop = min(max(end, at), last)
            found.append(Phase(name, at, stop))
            at = stop
    return tuple(found)
