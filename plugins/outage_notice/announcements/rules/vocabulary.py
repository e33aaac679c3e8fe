"""Kinds, levels, statuses, phases, weights, inputs and events of announcements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, IntEnum, StrEnum

from helpdesk.plugin_api import Event
from plugins.outage_notice.audiences.rules import Target

TITLE_LIMIT = 80
TITLE_HARD_LIMIT = 200  # what the column holds; between the two the composer only asks
TEXT_LIMIT = 4000
KEYWORDS_LIMIT = 500
CHECKLIST_LIMIT = 4000
CHECK_ITEM_LIMIT = 300
CHECK_ITEMS_LIMIT = 30
UNDO_TIME = timedelta(minutes=2)
DRILL_MINUTES = 60
DRILL_MINUTES_LIMIT = 480
ANSWER_TICKETS = "answer_tickets"
CORRECT_ETA = "correct_eta"


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


class Says(StrEnum):
    """Which channel speaks by an entry of a notice plan."""

    mail = "mail"  # to everybody in the audience who has a mailbox
    banner_again = "banner_again"  # also to those who read or hid it


class Anchor(StrEnum):
    """What the time of an entry of a notice plan is relative to."""

    start = "start"
    end = "end"  # when it is over, whenever that really is


@dataclass(frozen=True, slots=True)
class PlanEntry:
    """One line of a notice plan. `minutes_before` 0: at the very moment."""

    what: Says
    of: Anchor = Anchor.start
    minutes_before: int = 0

    def __str__(self) -> str:
        return f"{self.what}:{self.of}:{self.minutes_before}"


class StepKind(StrEnum):
    """What a dated step does when its time comes. What is *true* never waits for a step."""

    show = "show"
    remind = "remind"  # it returns to those who read it, before it starts
    mail = "mail"  # its audience is written to, before it starts or then
    start = "start"
    end = "end"  # of a window that ends by itself
    hide = "hide"  # show_until has passed


class StepState(StrEnum):
    pending = "pending"
    fired = "fired"
    collapsed = "collapsed"  # overdue, and a newer one of the same announcement spoke for it
    missed = "missed"  # the whole window passed while nothing ran
    void = "void"  # the dates were changed before it was due


class TicketAction(StrEnum):
    """What the end of an outage does to the tickets that wait for it."""

    solve = "solve"
    leave = "leave"


class Unset(Enum):
    """A value that was not given, where None means "no estimate yet"."""

    unset = "unset"


UNSET = Unset.unset


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts in one language."""

    title: str = ""
    description: str = ""
    workaround: str = ""


@dataclass(frozen=True, slots=True)
class ServiceEffect:
    service_id: int
    effect: Effect = Effect.major_outage


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """All that a person may choose of an announcement.

    Times are aware, or naive: then they are wall times of `time_zone` (one that does not exist moves forward by the
    gap, one that exists twice is the first). `translations` by locale holds the other languages.
    """

    kind: Kind = Kind.incident
    severity: int = Severity.major
    title: str = ""
    description: str = ""
    workaround: str = ""
    locale: str = "en"
    translations: Mapping[str, Texts] = field(default_factory=dict)
    services: tuple[ServiceEffect, ...] = ()
    audience: tuple[Target, ...] = ()
    must_confirm: bool = False
    show_from: datetime | None = None
    show_until: datetime | None = None
    starts_at: datetime | None = None
    planned_end_at: datetime | None = None
    ends_by_itself: bool = False
    recurrence: str | None = None
    time_zone: str = "UTC"
    eta: datetime | None = None
    next_update_at: datetime | None = None
    mention_in_automated_replies: bool = True
    automated_reply_text: str = ""
    keywords: str = ""
    is_drill: bool = False
    is_public: bool = False
    owner_id: int | None = None
    checklist: str = ""
    drill_minutes: int = DRILL_MINUTES
    notice_plan: tuple[PlanEntry, ...] | None = None  # None: the usual one of its kind and level


@dataclass(frozen=True, slots=True)
class Checked:
    """An item of the checklist that was checked, or said not to be needed; `by_id` None: by whoever resolves."""

    item: str
    by_id: int | None = None
    is_needed: bool = True


TIME_FIELDS = ("show_from", "show_until", "starts_at", "planned_end_at", "eta", "next_update_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUpdate:
    """A dated entry. Internal ones are the action log: only text. `weight` None takes the default of the change.

    `answer_tickets`: all tickets that wait are answered with the text. `correct_eta`: who was told the former estimate
    is told the new one; None: unless it is silent.
    """

    text: str
    status: Status | None = None
    eta: datetime | Unset | None = UNSET
    next_update_at: datetime | Unset | None = UNSET
    is_public: bool = True
    weight: Weight | None = None
    translations: Mapping[str, str] = field(default_factory=dict)
    answer_tickets: bool = False
    correct_eta: bool | None = None


@dataclass(frozen=True, slots=True)
class AnnouncementPublished(Event):
    announcement_id: int
    revision: int


@dataclass(frozen=True, slots=True)
class AnnouncementUpdated(Event):
    """Any change after publication. `update_id` is set when the change is an entry of the timeline.

    `also`: what its author wanted besides, of ANSWER_TICKETS and CORRECT_ETA.
    """

    announcement_id: int
    revision: int
    weight: str
    update_id: int | None
    what: tuple[str, ...]
    also: tuple[str, ...] = ()


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
class EndingUndone(Event):
    """A resolution was taken back within two minutes: nobody outside was told of it."""

    announcement_id: int
    revision: int


@dataclass(frozen=True, slots=True)
class FoundAffected(Event):
    """A person said "I'm affected too" on a notice."""

    announcement_id: int
    user_id: int


@dataclass(frozen=True, slots=True)
class StepFired(Event):
    announcement_id: int
    step_id: int
    kind: str
