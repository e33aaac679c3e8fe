"""Statuses, priorities, limits and events of tickets, and the decisions about them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from helpdesk.core.events import Event

SUBJECT_LIMIT = 200
BODY_LIMIT = 20_000


class Status(StrEnum):
    new = "new"
    open = "open"
    pending = "pending"
    solved = "solved"
    closed = "closed"


OPEN_STATUSES = (Status.new, Status.open, Status.pending)


class Waiting(StrEnum):
    """What a pending ticket waits for. Its due time is paused meanwhile."""

    requester = "requester"
    outage = "outage"


class Priority(StrEnum):
    low = "low"
    normal = "normal"
    high = "high"
    urgent = "urgent"


class Channel(StrEnum):
    web = "web"
    staff = "staff"  # opened by staff on behalf of a person
    api = "api"
    mail = "mail"


class MessageKind(StrEnum):
    public_reply = "public_reply"
    internal_note = "internal_note"
    automated_reply = "automated_reply"


@dataclass(frozen=True, slots=True)
class TicketOpened(Event):
    ticket_id: int


@dataclass(frozen=True, slots=True)
class MessageAdded(Event):
    """A public reply or an internal note. `by_requester`: the requester wrote it, not staff."""

    ticket_id: int
    message_id: int
    kind: str
    by_requester: bool


@dataclass(frozen=True, slots=True)
class TicketStatusChanged(Event):
    ticket_id: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class TicketChanged(Event):
    """Any other change: assignee, team, priority, service, subject. `what` names the fields."""

    ticket_id: int
    what: tuple[str, ...]
