"""Links between tickets and outages, and what becomes of a ticket when everybody is answered or the outage ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from helpdesk.plugin_api import TicketStatus, TicketWaiting
from plugins.outage_notice.announcements.rules import Kind, Phase, TicketAction

TEXT_LIMIT = 4000
NUMBERS_LIMIT = 100
CANDIDATES_SINCE = timedelta(hours=24)
OPEN = (TicketStatus.new, TicketStatus.open, TicketStatus.pending)


class How(StrEnum):
    """How a ticket came to an outage. A suggestion counts as a link only when a person takes it."""

    rule = "rule"
    hand = "hand"
    suggested = "suggested"


class By(StrEnum):
    """Why: its service is affected, its words match, a person said so, the requester said otherwise, a surge."""

    service = "service"
    words = "words"
    person = "person"
    declined = "declined"
    surge = "surge"


class BroadcastKind(StrEnum):
    reply = "reply"  # an agent answers all linked tickets
    closing = "closing"  # the outage is over
    reopening = "reopening"  # it is not, for those who were told that it is
    answer = "answer"  # the automated reply, for the tickets of the surge that was declared
    correction = "correction"  # another estimate than the one that was told in an automated reply


class ItemState(StrEnum):
    waiting = "waiting"
    done = "done"
    failed = "failed"


class Result(StrEnum):
    """What became of one ticket or follower of a broadcast."""

    told = "told"
    told_elsewhere = "told_elsewhere"  # the same person was told in another ticket
    wrote_since = "wrote_since"  # the requester wrote after the last broadcast: a person answers
    in_hand = "in_hand"  # an agent has taken it up
    not_open = "not_open"
    unlinked = "unlinked"
    unconcerned = "unconcerned"  # the outage is not for this person, who has moved
    solved = "solved"
    left_open = "left_open"
    not_wanted = "not_wanted"  # what it would say does not hold any more
    failed = "failed"


# Results of a closing whose person, or whose thread, says that it is over.
HEARD = (Result.told, Result.told_elsewhere, Result.solved, Result.left_open)
# Results of any broadcast that stands in the thread of this ticket.
IN_THREAD = (Result.told, Result.solved, Result.left_open)


@dataclass(frozen=True, slots=True)
class LinkResult:
    """What became of one ticket: `error` is None or the text for the person."""

    number: int
    error: Any = None


def notice_key(announcement_id: int) -> str:
    """The key of the form notice about an outage, which comes back when somebody says that theirs is different."""
    return f"outage-{announcement_id}"


def announcement_of(key: str) -> int | None:
    """The outage of a `notice_key`; None for the keys of others."""
    name, _, number = key.partition("-")
    return int(number) if name == "outage" and number.isdecimal() else None


def wrote_since(last_message_at: datetime | None, caught_up_at: datetime) -> bool:
    """Whether the requester wrote after everything that the link has caught up with (linking, broadcasts)."""
    return last_message_at is not None and last_message_at > caught_up_at


def waits(status: TicketStatus, waiting_on: TicketWaiting | None) -> bool:
    """Whether the ticket waits for the outage to end; every other open one needs a person."""
    return status is TicketStatus.pending and waiting_on is TicketWaiting.outage


def may_hold_tickets(kind: Kind, is_drill: bool, phase: Phase) -> bool:
    """Whether tickets can be linked by hand: an incident or maintenance that runs, not a drill."""
    return kind in (Kind.incident, Kind.maintenance) and not is_drill and phase is Phase.active


def is_over_for_tickets(phase: Phase, repeats: bool) -> bool:
    """Whether what was linked is to be closed: it is over or called off, or one time of a repetition has passed."""
    return phase in (Phase.over, Phase.cancelled) or (repeats and phase is Phase.upcoming)


def reply_result(
    *, is_linked: bool, is_open: bool, is_concerned: bool, has_written: bool, waits: bool, was_told: bool
) -> Result:
    """Whether a reply to all goes to this ticket (`told`), and why not."""
    if not is_linked:
        return Result.unlinked
    if not is_open:
        return Result.not_open
    if not is_concerned:
        return Result.unconcerned
    if has_written:
        return Result.wrote_since
    if not waits:
        return Result.in_hand
    return Result.told_elsewhere if was_told else Result.told


def status_after_end(
    status: TicketStatus,
    waiting_on: TicketWaiting | None,
    *,
    has_written: bool,
    was_real: bool,
    action: TicketAction,
) -> TicketStatus:
    """The status of a linked ticket when its outage ends.

    Only what waits for the outage moves: it is solved unless the requester wrote since the last broadcast, the
    announcer chose to leave tickets open, or there never was an outage (cancelled, withdrawn); then it is open again.
    """
    if not waits(status, waiting_on):
        return status
    solves = was_real and action is TicketAction.solve and not has_written
    return TicketStatus.solved if solves else TicketStatus.open
