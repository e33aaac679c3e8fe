"""Which departments the outages of a report concerned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from sqlalchemy import select

from helpdesk.plugin_api import Department, User, db
from plugins.outage_notice.announcements.queries.records import targets_by_id
from plugins.outage_notice.audiences import queries as audiences
from plugins.outage_notice.audiences.rules import Target, TargetKind, ids_of
from plugins.outage_notice.reviews.queries.moments import CHUNK

DEPARTMENTS_AT_MOST = 200
Places = Mapping[Target, frozenset[int]]  # the departments whose people a target reaches, by id


def branches_below(department_id: int | None) -> dict[int, str]:
    """The departments directly below this one, by name; itself when there are none.

    Without a department: those at the top, or below the only one at the top.
    """
    found = _children(department_id)
    if department_id is None and len(found) == 1:
        return _children(next(iter(found))) or found
    if found or department_id is None:
        return found
    rows = db.session.execute(select(Department.id, Department.name).where(Department.id == department_id))
    return {row.id: row.name for row in rows}


def _children(parent_id: int | None) -> dict[int, str]:
    is_child = Department.parent_id.is_(None) if parent_id is None else Department.parent_id == parent_id
    query = select(Department.id, Department.name).where(is_child).order_by(Department.name, Department.id)
    return {row.id: row.name for row in db.session.execute(query.limit(DEPARTMENTS_AT_MOST))}


def concerned_branches(announcement_ids: Sequence[int], branches: Iterable[int]) -> dict[int, frozenset[int]]:
    """Those of the branches that each announcement was for people of, by its present targets. A handful of queries."""
    targets: dict[int, list[Target]] = {}
    for at in range(0, len(announcement_ids), CHUNK):
        targets |= targets_by_id(announcement_ids[at : at + CHUNK])
    places, near = _places(dict.fromkeys(chain.from_iterable(targets.values()))), _Near(branches)
    return {id: near.of(targets.get(id, ()), places) for id in announcement_ids}


class _Near:
    """The branches that departments stand in, or above."""

    def __init__(self, branches: Iterable[int]) -> None:
        self.branches = frozenset(branches)
        self.paths = audiences.department_paths()
        self.known: dict[int, frozenset[int]] = {}

    def of(self, targets: Iterable[Target], places: Places) -> frozenset[int]:
        found: frozenset[int] = frozenset()
        for target in targets:
            if target.kind is TargetKind.everyone:
                return self.branches
            found = found.union(*(self._of_department(id) for id in places.get(target, ())))
        return found

    def _of_department(self, id: int) -> frozenset[int]:
        if id not in self.known:
            above = self.branches.intersection(self.paths.get(id, ()))
            self.known[id] = above or frozenset(b for b in self.branches if id in self.paths.get(b, ()))
        return self.known[id]


def _places(targets: Iterable[Target]) -> Places:
    targets = list(targets)
    using = audiences.departments_using(ids_of(targets, TargetKind.service_users))
    people = _departments_of(ids_of(targets, TargetKind.requester))
    roles = _departments_by_role([t.id or "" for t in targets if t.kind is TargetKind.role])
    found: dict[Target, frozenset[int]] = {}
    for target in targets:
        id = target.id or ""
        match target.kind:
            case TargetKind.department:
                found[target] = frozenset([int(id)])
            case TargetKind.service_users:
                found[target] = frozenset(using.get(int(id), ()))
            case TargetKind.requester:
                found[target] = frozenset(people.get(int(id), ()))
            case TargetKind.role:
                found[target] = frozenset(roles.get(id, ()))
    return found


def _departments_of(user_ids: Sequence[int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for at in range(0, len(user_ids), CHUNK):
        query = select(User.id, User.department_id).where(User.id.in_(user_ids[at : at + CHUNK]))
        for id, department_id in db.session.execute(query.where(User.department_id.is_not(None))):
            found.setdefault(id, set()).add(department_id or 0)
    return found


def _departments_by_role(roles: Sequence[str]) -> dict[str, set[int]]:
    """Where the people of these roles are. It looks at all of them."""
    found: dict[str, set[int]] = {}
    if not roles:
        return found
    enabled = (User.role.in_(roles), User.disabled_at.is_(None), User.department_id.is_not(None))
    for role, department_id in db.session.execute(select(User.role, User.department_id).where(*enabled).distinct()):
        found.setdefault(str(role), set()).add(department_id or 0)
    return found
