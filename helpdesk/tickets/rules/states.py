"""Who may do what with a ticket, how its status moves, and when it is due. Pure decisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from helpdesk.tickets.rules import DONE_STATUSES, Priority, Status, Waiting

if TYPE_CHECKING:
    from helpdesk.hooks.specs import Viewer

REOPEN_DAYS = 14
TARGET_HOURS = {Priority.urgent: 4, Priority.high: 8, Priority.normal: 24, Priority.low: 72}
SOON = timedelta(minutes=60)

TRANSITIONS = {
    Status.new: {Status.open, Status.pending, Status.solved, Status.closed},
    Status.open: {Status.pending, Status.solved, Status.closed},
    Status.pending: {Status.open, Status.solved, Status.closed},
    Status.solved: {Status.open, Status.pending, Status.closed},
    Status.closed: {Status.open},
}


@dataclass(frozen=True, slots=True)
class Promise:
    """When a ticket is due. Paused: `due_at` is None and `paused_seconds_left` says what remains (may be negative)."""

    due_at: datetime | None
    paused_seconds_left: int | None


def may_see(viewer: Viewer, requester_id: int) -> bool:
    """Staff see every ticket, other people their own."""
    return viewer.is_staff or viewer.id == requester_id


def may_move(before: Status, after: Status) -> bool:
    return before == after or after in TRANSITIONS[before]


def may_requester_move(before: Status, after: Status, closed_at: datetime | None, now: datetime) -> bool:
    """A requester closes an own ticket, and reopens it while that is still the same matter."""
    if after is Status.closed:
        return before is not Status.closed
    return after is Status.open and may_reopen(before, closed_at, now)


def may_reopen(status: Status, closed_at: datetime | None, now: datetime) -> bool:
    """Solved tickets always, closed ones for 14 days; after that a new ticket is the better place."""
    if status is Status.closed:
        return closed_at is None or now - closed_at <= timedelta(days=REOPEN_DAYS)
    return status is Status.solved


def status_after_requester_message(status: Status) -> Status:
    """An answer of the requester ends the waiting and reopens; a ticket that nobody has taken up stays new."""
    return Status.new if status is Status.new else Status.open


def status_after_staff_reply(status: Status) -> Status:
    return Status.open if status is Status.new else status


def first_promise(priority: Priority, opened_at: datetime) -> Promise:
    return Promise(opened_at + timedelta(hours=TARGET_HOURS[priority]), None)


def pause(promise: Promise, now: datetime) -> Promise:
    """Stop the clock: what remains is kept."""
    if promise.due_at is None:
        return promise
    return Promise(None, int((promise.due_at - now).total_seconds()))


def resume(promise: Promise, now: datetime) -> Promise:
    if promise.due_at is not None or promise.paused_seconds_left is None:
        return promise
    return Promise(now + timedelta(seconds=promise.paused_seconds_left), None)


def promise_after_status(promise: Promise, before: Status, after: Status, priority: Priority, now: datetime) -> Promise:
    """The due time after a change of status. It runs while new or open; a reopened ticket gets a fresh one."""
    if after in (Status.pending, *DONE_STATUSES):
        return pause(promise, now)
    if before in DONE_STATUSES:
        return first_promise(priority, now)
    return resume(promise, now)


def promise_after_priority(promise: Promise, before: Priority, after: Priority) -> Promise:
    """Move the promise by the difference of the two targets, running or paused."""
    hours = TARGET_HOURS[after] - TARGET_HOURS[before]
    if promise.due_at is not None:
        return Promise(promise.due_at + timedelta(hours=hours), None)
    if promise.paused_seconds_left is None:
        return promise
    return Promise(None, promise.paused_seconds_left + hours * 3600)


def waiting_of(status: Status, waiting_on: Waiting | None) -> Waiting | None:
    """Only a pending ticket waits, and it always waits for something."""
    return (waiting_on or Waiting.requester) if status is Status.pending else None


def is_replied_since(
    status: Status, last_requester_message_at: datetime | None, last_reply_at: datetime | None, created_at: datetime
) -> bool:
    """Whether the requester wrote after the last answer of a person (or after opening it) and still waits."""
    if status is not Status.open or last_requester_message_at is None:
        return False
    return last_requester_message_at > (last_reply_at or created_at)


def due_style(due_at: datetime | None, now: datetime) -> str:
    """ "late", "soon" (within the hour) or ""."""
    if due_at is None:
        return ""
    if due_at <= now:
        return "late"
    return "soon" if due_at - now <= SOON else ""


def end_of_day(now: datetime, time_zone: str) -> datetime:
    """The next midnight of a place, in UTC."""
    local = now.astimezone(ZoneInfo(time_zone))
    return datetime.combine(local.date() + timedelta(days=1), time(), local.tzinfo).astimezone(UTC)
