"""Kinds, levels, statuses, phases, weights and events of announcements."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from helpdesk.plugin_api import Event

TITLE_LIMIT = 80
TEXT_LIMIT = 4000


class Kind(StrEnum):
    incident = "incident"
    maintenance = "maintenance"
    information = "information"


class Severity(IntEnum):
    critical = 1
    major = 2
    minor = 3
    notice = 4


class Status(StrEnum):
    draft = "draft"
    # incident
    investigating = "investigating"
    identified = "identified"
    monitoring = "monitoring"
    resolved = "resolved"
    # maintenance
    scheduled = "scheduled"
    in_progress = "in_progress"
    verifying = "verifying"
    completed = "completed"
    # information
    active = "active"
    ended = "ended"
    # any kind
    cancelled = "cancelled"
    withdrawn = "withdrawn"


class Phase(StrEnum):
    """Computed from the record and the clock, never stored."""

    draft = "draft"
    upcoming = "upcoming"
    active = "active"
    over = "over"
    cancelled = "cancelled"


class Effect(StrEnum):
    degraded_performance = "degraded_performance"
    partial_outage = "partial_outage"
    major_outage = "major_outage"
    under_maintenance = "under_maintenance"


class Weight(StrEnum):
    """How much a change of a published announcement matters to those who saw it."""

    silent = "silent"
    update = "update"
    alert_again = "alert_again"


class StepKind(StrEnum):
    """What a dated step does when its time comes. What is *true* never waits for a step."""

    show = "show"
    start = "start"
    end = "end"  # of show_until, or of a window that ends by itself


class StepState(StrEnum):
    pending = "pending"
    fired = "fired"
    collapsed = "collapsed"  # overdue, and a newer one of the same announcement spoke for it
    missed = "missed"  # the whole window passed while nothing ran
    void = "void"  # the dates were changed before it was due


@dataclass(frozen=True, slots=True)
class AnnouncementPublished(Event):
    announcement_id: int
    revision: int


@dataclass(frozen=True, slots=True)
class AnnouncementUpdated(Event):
    """Any change after publication. `update_id` is set when the change is an entry of the timeline."""

    announcement_id: int
    revision: int
    weight: str
    update_id: int | None
    what: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnnouncementEnded(Event):
    """`how`: resolved, completed, ended, cancelled or withdrawn."""

    announcement_id: int
    revision: int
    how: str


@dataclass(frozen=True, slots=True)
class AnnouncementReopened(Event):
    announcement_id: int
    revision: int


@dataclass(frozen=True, slots=True)
class StepFired(Event):
    announcement_id: int
    step_id: int
    kind: str
