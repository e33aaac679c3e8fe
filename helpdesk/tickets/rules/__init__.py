"""Words, limits and events of tickets. Decisions lie beside it: states.py (who may what, when), files.py (uploads)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any

from helpdesk.core.events import Event

SUBJECT_LIMIT = 200
BODY_LIMIT = 20_000
BULK_LIMIT = 100


class Status(StrEnum):
    new = "new"
    open = "open"
    pending = "pending"
    solved = "solved"
    closed = "closed"


OPEN_STATUSES = (Status.new, Status.open, Status.pending)
DONE_STATUSES = (Status.solved, Status.closed)


class Waiting(StrEnum):
    """What a pending ticket waits for. Its due time is paused meanwhile."""

    requester = "requester"
    outage = "outage"


class Priority(StrEnum):
    low = "low"
    normal = "normal"
    high = "high"
    urgent = "urgent"


PRIORITY_ORDER = (Priority.urgent, Priority.high, Priority.normal, Priority.low)


class Channel(StrEnum):
    web = "web"
    staff = "staff"  # opened by staff on behalf of a person
    api = "api"
    mail = "mail"


class MessageKind(StrEnum):
    public_reply = "public_reply"
    internal_note = "internal_note"
    automated_reply = "automated_reply"


class View(StrEnum):
    """The tabs of the queue."""

    open = "open"
    unassigned = "unassigned"
    mine = "mine"
    due_today = "due_today"
    waiting_on_outage = "waiting_on_outage"
    done = "done"
    all = "all"


class Sort(StrEnum):
    due = "due"
    newest = "newest"
    oldest = "oldest"
    updated = "updated"
    priority = "priority"


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Which tickets a list shows: all conditions hold together. A text in `q` is answered newest first."""

    view: View = View.open
    sort: Sort = Sort.due
    q: str = ""
    status: Status | None = None
    priority: Priority | None = None
    service_id: int | None = None
    team_id: int | None = None
    assignee_id: int | None = None
    requester_id: int | None = None


class Keep(Enum):
    """Stands for "leave this field as it is", where None means "nobody" or "nothing"."""

    KEEP = "keep"


KEEP = Keep.KEEP


@dataclass(frozen=True, slots=True)
class NewTicket:
    """What a ticket is made of. `requester_id` and `priority` are for staff; None means oneself and normal.

    `uploads` are (file name, bytes). `declined` are the keys of form notices that, the writer says, are not about this.
    """

    subject: str
    body: str
    service_id: int | None = None
    requester_id: int | None = None
    priority: Priority | None = None
    channel: Channel = Channel.web
    uploads: tuple[tuple[str, bytes], ...] = ()
    declined: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A reply or a note. `status` (with `waiting_on`) is what staff chose; None: as the rules say."""

    body: str
    kind: MessageKind = MessageKind.public_reply
    status: Status | None = None
    waiting_on: Waiting | None = None
    uploads: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """New values for fields of a ticket; `KEEP` leaves a field as it is. `waiting_on` counts with status pending."""

    subject: str | Keep = KEEP
    service_id: int | Keep | None = KEEP
    priority: Priority | Keep = KEEP
    status: Status | Keep = KEEP
    waiting_on: Waiting | Keep | None = KEEP
    assignee_id: int | Keep | None = KEEP
    team_id: int | Keep | None = KEEP

    def given(self) -> dict[str, Any]:
        """The fields that are to change, by name."""
        names = ("subject", "service_id", "priority", "status", "waiting_on", "assignee_id", "team_id")
        return {name: value for name in names if (value := getattr(self, name)) is not KEEP}


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What became of one ticket of a bulk change: `error` is None or the text for the person."""

    number: int
    error: Any = None


@dataclass(frozen=True, slots=True)
class TicketOpened(Event):
    """`declined`: keys of form notices that the writer was shown and that, they say, are not about this."""

    ticket_id: int
    declined: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageAdded(Event):
    """A public reply or an internal note. `by_requester`: the requester wrote it, not staff. `is_told`: whoever added
    it tells the requester.
    """

    ticket_id: int
    message_id: int
    kind: str
    by_requester: bool
    is_told: bool = False


@dataclass(frozen=True, slots=True)
class AutomatedReplyAdded(Event):
    """An automated reply that has a reason to read as it does (`Message.reason`)."""

    ticket_id: int
    message_id: int


@dataclass(frozen=True, slots=True)
class TicketStatusChanged(Event):
    """`is_told`: the same change wrote to the requester about it, so nobody needs to do it again."""

    ticket_id: int
    before: str
    after: str
    is_told: bool = False


@dataclass(frozen=True, slots=True)
class TicketChanged(Event):
    """Any other change: assignee, team, priority, service, subject. `what` names the fields."""

    ticket_id: int
    what: tuple[str, ...]
