"""How far an announcement reached: people targeted, drawn, seen, read, affected, online; per department."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeVar

from flask import current_app
from sqlalchemy import ColumnElement, case, func, select

from helpdesk.plugin_api import Department, User, Viewer, db, online_user_ids
from plugins.outage_notice.announcements.queries import get_announcement
from plugins.outage_notice.announcements.queries.records import targets_by_id
from plugins.outage_notice.audiences.queries import audience_condition, count_people
from plugins.outage_notice.audiences.rules import SMALLEST_GROUP
from plugins.outage_notice.banners.models import ReachMinute, Receipt

T = TypeVar("T")

CHUNK = 5000
KEPT_FROM_SECONDS = 0.1  # what is found faster is always found anew
COUNT_KEPT_FROM_SECONDS = 0.02  # the same for a count, which each look at a room takes
KEPT_TIMES = 20  # kept for so many times as long as it took: a twentieth of one processor at most
KEPT_AT_MOST = 100
COUNTERS = (ReachMinute.delivered, ReachMinute.seen, ReachMinute.read, ReachMinute.affected)


@dataclass(frozen=True, slots=True)
class Counts:
    targeted: int = 0
    delivered: int = 0
    seen: int = 0
    read: int = 0
    affected: int = 0
    online: int = 0


@dataclass(frozen=True, slots=True)
class DepartmentReach:
    """`counts` None: not shown, because it would say what fewer than five people did."""

    id: int | None
    name: str
    counts: Counts | None


@dataclass(frozen=True, slots=True)
class Reach:
    total: Counts
    departments: tuple[DepartmentReach, ...]


def _ratings() -> list[ColumnElement[int]]:
    columns = (Receipt.delivered_at, Receipt.seen_at, Receipt.read_at, Receipt.hidden_at, Receipt.affected_at)
    delivered, seen, read, hidden, affected = columns
    is_read = case((read.is_not(None), 1), (hidden.is_not(None), 1))
    return [func.count(delivered), func.count(seen), func.count(is_read), func.count(affected)]


def reach(actor: Viewer, announcement_id: int) -> Reach:
    """The reach among the people who are in the audience now. "Read" is pressing read or hide.

    Raises NotFound and Forbidden as `get_announcement` does. Three queries, one more per 5,000 people online; they look
    at everybody, so what took long is given again for a while: many who watch do not cost more than one.
    """
    get_announcement(actor, announcement_id)
    return _kept(("reach", announcement_id), KEPT_FROM_SECONDS, lambda: reach_of(announcement_id))


def _kept(key: tuple[str, int], from_seconds: float, find: Callable[[], T]) -> T:
    """What `find` gives, or gave a moment ago if that took longer than `from_seconds`."""
    kept: dict[tuple[str, int], tuple[float, T]] = current_app.extensions.setdefault("outage_notice_reach", {})
    began = time.monotonic()
    until, found = kept.get(key, (0.0, None))
    if found is not None and began < until:
        return found
    found = find()
    took = time.monotonic() - began
    if took > from_seconds:
        if len(kept) >= KEPT_AT_MOST:
            kept.clear()
        kept[key] = (began + took * (1 + KEPT_TIMES), found)
    return found


def reach_of(announcement_id: int) -> Reach:
    """The reach as it is at this moment, for a caller that has authorised."""
    departments = _by_department(announcement_id)
    hidden = _too_small(departments)
    return Reach(
        _sum(departments),
        tuple(DepartmentReach(d.id, d.name, None if d in hidden else d.counts) for d in departments),
    )


def _too_small(departments: Sequence[DepartmentReach]) -> list[DepartmentReach]:
    """The departments whose counts would say what few people did.

    Those with fewer than five people; and the smallest of the others too while all hidden ones together are fewer
    than five, because the total minus what is shown would tell.
    """
    by_size = sorted(departments, key=lambda d: d.counts.targeted if d.counts else 0)
    hidden: list[DepartmentReach] = []
    for department in by_size:
        people = sum(d.counts.targeted for d in hidden if d.counts)
        is_small = department.counts is not None and department.counts.targeted < SMALLEST_GROUP
        if is_small or 0 < people < SMALLEST_GROUP:
            hidden.append(department)
    return hidden


def targeted(announcement_id: int) -> int:
    """How many people are in the audience now; in a large organisation, a moment ago."""
    targets = targets_by_id([announcement_id])[announcement_id]
    return _kept(("targeted", announcement_id), COUNT_KEPT_FROM_SECONDS, lambda: count_people(targets))


def reach_message(announcement_id: int) -> dict[str, Any]:
    """The `reach` message of the socket: {id, targeted, delivered, seen, read, affected, online}.

    From the counters by minute, because it is asked for every second while people read: who had it and has left the
    audience counts too, up to the number of those it is for.
    """
    condition = audience_condition(targets_by_id([announcement_id])[announcement_id])
    people = targeted(announcement_id)
    sums = (func.coalesce(func.sum(column), 0) for column in COUNTERS)
    reached = db.session.execute(select(*sums).where(ReachMinute.announcement_id == announcement_id)).one()
    online = sum(_online_by_department(condition).values())
    delivered, seen, read, affected = (min(int(count), people) for count in reached)
    return {"id": announcement_id, **asdict(Counts(people, delivered, seen, read, affected, online))}


def _sum(departments: Iterable[DepartmentReach]) -> Counts:
    counts = [d.counts for d in departments if d.counts]
    return Counts(*(sum(getattr(c, f.name) for c in counts) for f in fields(Counts)))


def _by_department(announcement_id: int) -> list[DepartmentReach]:
    """Every department with people of the audience, largest first."""
    condition = audience_condition(targets_by_id([announcement_id])[announcement_id])
    rows = db.session.execute(
        select(User.department_id, Department.name, func.count(User.id), *_ratings())
        .select_from(User)
        .outerjoin(Department, Department.id == User.department_id)
        .outerjoin(Receipt, (Receipt.user_id == User.id) & (Receipt.announcement_id == announcement_id))
        .where(condition)
        .group_by(User.department_id, Department.name)
    ).all()
    online = _online_by_department(condition)
    return [
        DepartmentReach(row[0], row[1] or "", Counts(*row[2:7], online.get(row[0], 0)))
        for row in sorted(rows, key=lambda r: (-r[2], r[1] or ""))
    ]


def _online_by_department(condition: ColumnElement[bool]) -> dict[int | None, int]:
    ids, found = sorted(online_user_ids()), dict[int | None, int]()
    for start in range(0, len(ids), CHUNK):
        rows = db.session.execute(
            select(User.department_id, func.count())
            .where(User.id.in_(ids[start : start + CHUNK]), condition)
            .group_by(User.department_id)
        )
        for department_id, people in rows:
            found[department_id] = found.get(department_id, 0) + people
    return found


def reach_summary(announcement_ids: Sequence[int]) -> dict[int, Counts]:
    """Delivered, seen, read and affected of several announcements in one query; `targeted` and `online` are 0."""
    rows = db.session.execute(
        select(Receipt.announcement_id, *_ratings())
        .where(Receipt.announcement_id.in_(announcement_ids))
        .group_by(Receipt.announcement_id)
    )
    return {row[0]: Counts(0, *row[1:5], 0) for row in rows}
