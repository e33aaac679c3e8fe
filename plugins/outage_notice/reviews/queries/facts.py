"""Everything a review is filled with from the record: phases, messages against goals, reach, tickets, estimates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from helpdesk.plugin_api import Viewer
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries import Entry, timeline
from plugins.outage_notice.announcements.queries.figures import (
    DepartmentFigures,
    ReachFigures,
    TicketFigures,
    find_reach,
    find_tickets,
)
from plugins.outage_notice.announcements.queries.records import NamedService, services_by_id, targets_by_id
from plugins.outage_notice.audiences import queries as audiences
from plugins.outage_notice.response.queries.policies import targets_for
from plugins.outage_notice.response.queries.promises import promises_kept
from plugins.outage_notice.response.rules import Promise, PromiseKind
from plugins.outage_notice.reviews.queries.courses import courses_of
from plugins.outage_notice.reviews.queries.moments import moments_of
from plugins.outage_notice.reviews.rules import Moments, Phase, phases_of
from plugins.outage_notice.reviews.rules.stretches import stretches_of, time_on

MINUTE = timedelta(minutes=1)
REACH_KEPT = "reach_kept"  # the kind of the timeline's entry that holds the reach as it was at the end


@dataclass(frozen=True, slots=True)
class Estimate:
    """An expected end that people were told: when they were told, and what (None: not known)."""

    told_at: datetime
    eta: datetime | None


@dataclass(frozen=True, slots=True)
class Kept:
    """Promises of one kind: how many were kept in time, of how many whose time has come."""

    kind: PromiseKind
    kept: int
    total: int


@dataclass(frozen=True, slots=True)
class Facts:
    """`first_message` is minutes from the start, `resolution` those in which it was on: `stretches` says how often,
    more than once when it was reopened. Their goals are None where no policy has one.

    `people` and `reach` are as written down at the end, and `is_reach_kept`; while it is not over, or where nobody
    wrote them down, they are those of the present audience.
    """

    moments: Moments
    phases: tuple[Phase, ...]
    services: tuple[NamedService, ...]
    people: int
    first_message: float | None
    first_message_goal: int | None
    resolution: float | None
    stretches: int
    resolution_goal: int | None
    promises: tuple[Kept, ...]
    estimates: tuple[Estimate, ...]
    off_estimate: float | None  # minutes after the last estimate; negative: before it
    reach: ReachFigures | None
    is_reach_kept: bool
    tickets: TicketFigures | None
    entries: tuple[Entry, ...]


def review_facts(viewer: Viewer, record: Announcement, now: datetime) -> Facts:
    """The facts of one announcement that the viewer may see. A fixed number of queries."""
    moments = moments_of([record])[record.id]
    entries = timeline(record.id)
    goals, promises = targets_for([record])[record.id], promises_kept(record.id)
    ended = moments.ended_at or now
    stretches = stretches_of(moments.started_at, moments.ended_at, courses_of([record])[record.id].turns, now)
    kept = kept_reach(record, entries)
    reach = kept or (find_reach(record.id, ended) if viewer.is_staff else None)
    estimates = _estimates(entries)
    return Facts(
        moments=moments,
        phases=phases_of(moments, now),
        services=tuple(services_by_id([record.id])[record.id]),
        people=reach.people if reach else audiences.count_people(targets_by_id([record.id])[record.id]),
        first_message=_minutes(moments.started_at, moments.told_at),
        first_message_goal=_first_goal(promises, moments.started_at) or goals.first_message_minutes,
        resolution=time_on(stretches) / MINUTE if stretches and moments.ended_at else None,
        stretches=len(stretches),
        resolution_goal=goals.resolution_minutes,
        promises=tuple(_kept(promises, now)),
        estimates=estimates,
        off_estimate=_off(estimates, moments.ended_at),
        reach=reach,
        is_reach_kept=kept is not None,
        tickets=find_tickets(record.id, moments.started_at, moments.told_at, ended),
        entries=tuple(entries),
    )


def kept_reach(record: Announcement, entries: Sequence[Entry]) -> ReachFigures | None:
    """The reach that was written down last since it ended: an end that was undone or reopened since does not count."""
    if record.closed_at is None:
        return None
    found = [e for e in entries if e.kind == REACH_KEPT and e.at >= record.closed_at]
    return _figures(found[-1].data) if found else None


def _figures(data: Mapping[str, Any]) -> ReachFigures:
    departments = tuple(DepartmentFigures(**d) for d in data["departments"])
    return ReachFigures(**{**data, "departments": departments})


def _minutes(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else max((end - start) / MINUTE, 0.0)


def _first_goal(promises: list[Promise], started_at: datetime | None) -> int | None:
    """The minutes that the level with which it was first shown allowed, whatever level it has now."""
    due = next((promise.due_at for promise in promises if promise.kind is PromiseKind.first_message), None)
    minutes = _minutes(started_at, due)
    return None if minutes is None else round(minutes)


def _kept(promises: list[Promise], now: datetime) -> list[Kept]:
    """Promises whose time has not come yet decide nothing."""
    decided = [p for p in promises if p.kept_at is not None or p.due_at <= now]
    return [
        Kept(kind, sum(p.was_kept_in_time for p in decided if p.kind is kind), count)
        for kind in PromiseKind
        if (count := sum(p.kind is kind for p in decided))
    ]


def _estimates(entries: list[Entry]) -> tuple[Estimate, ...]:
    """What people were told of the end, each change once."""
    found: list[Estimate] = []
    for entry in entries:
        if entry.kind not in ("published", "updated", "edited") or "eta" not in entry.data:
            continue
        eta = datetime.fromisoformat(entry.data["eta"]) if entry.data["eta"] else None
        if (found[-1].eta if found else None) != eta:
            found.append(Estimate(entry.at, eta))
    return tuple(found)


def _off(estimates: tuple[Estimate, ...], ended_at: datetime | None) -> float | None:
    last = next((e.eta for e in reversed(estimates) if e.eta is not None), None)
    return None if last is None or ended_at is None else (ended_at - last) / MINUTE
