"""Figures that rooms above know about an announcement: how far it reached, and what it meant for tickets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class DepartmentFigures:
    """`delivered`, `seen` and `read` are None where they would say what fewer than five people did."""

    name: str
    people: int | None
    delivered: int | None
    seen: int | None
    read: int | None


@dataclass(frozen=True, slots=True)
class ReachFigures:
    """Among the people who were in the audience when it was asked; `seen_in_time` saw it before the given moment.

    `departments`: the largest of all `department_count`.
    """

    people: int
    delivered: int
    seen: int
    read: int
    affected: int
    seen_in_time: int
    department_count: int
    departments: tuple[DepartmentFigures, ...]


@dataclass(frozen=True, slots=True)
class TicketFigures:
    """Tickets that belonged to an outage, and people who followed it instead of writing one (`avoided`).

    `before` and `after`: linked tickets opened for each ten minutes before and after the first message.
    """

    linked: int
    followed: int
    avoided: int
    before: float | None
    after: float | None


FindTold = Callable[[int, int], bool]
ReadReach = Callable[[int, datetime], ReachFigures]
ReadTickets = Callable[[int, datetime | None, datetime | None, datetime], TicketFigures]
_reach: dict[str, ReadReach] = {}
_tickets: dict[str, ReadTickets] = {}
_told: dict[str, FindTold] = {}


def offer_reach(read: ReadReach) -> None:
    """Say how far an announcement reached: `read(announcement_id, in_time_until)`."""
    _reach["reach"] = read


def offer_tickets(read: ReadTickets) -> None:
    """Say what an outage meant for tickets: `read(announcement_id, started_at, told_at, ended_at)`."""
    _tickets["tickets"] = read


def offer_told(find: FindTold) -> None:
    """Say whether a reply in a ticket of this person tells of an announcement: `find(user_id, announcement_id)`."""
    _told["told"] = find


def was_told_in_ticket(user_id: int, announcement_id: int) -> bool:
    """Whether a reply in a ticket of this person tells of the announcement; False where nobody knows."""
    return "told" in _told and _told["told"](user_id, announcement_id)


def find_reach(announcement_id: int, in_time_until: datetime) -> ReachFigures | None:
    """How far it reached up to now, or None where nobody knows. The caller has authorised."""
    return _reach["reach"](announcement_id, in_time_until) if "reach" in _reach else None


def find_tickets(
    announcement_id: int, started_at: datetime | None, told_at: datetime | None, ended_at: datetime
) -> TicketFigures | None:
    """What it meant for tickets, or None where nobody knows."""
    if "tickets" not in _tickets:
        return None
    return _tickets["tickets"](announcement_id, started_at, told_at, ended_at)
