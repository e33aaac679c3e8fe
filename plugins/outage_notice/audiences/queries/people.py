"""Who is in an audience, how many, and whom somebody may address. Disabled people are never counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, exists, false, func, literal_column, or_, select

from helpdesk.plugin_api import Department, Forbidden, Service, ServiceDepartment, User, Viewer, db, online_user_ids
from plugins.outage_notice.audiences.rules import (
    ROLE_NAMES,
    Reach,
    Target,
    TargetKind,
    ViewerFacts,
    beyond_reach,
    ids_of,
    is_well_formed,
)

ONLINE_CHUNK = 5000  # bound parameters of one statement
USES = select(ServiceDepartment.service_id, ServiceDepartment.department_id)


@dataclass(frozen=True, slots=True)
class Named:
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class DepartmentCount:
    """A department and how many enabled people are directly in it (id 0: people without a department)."""

    id: int
    name: str
    people: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """What publishing to an audience would mean now. `total`: all enabled people of the organisation."""

    people: int
    total: int
    online: int
    without_email: int
    departments: tuple[DepartmentCount, ...]
    requesters: tuple[Named, ...]
    missing: tuple[Target, ...] = ()  # targets that name nothing that exists


def department_paths() -> dict[int, tuple[int, ...]]:
    """The ids from the root to each department."""
    rows = db.session.execute(select(Department.id, Department.path))
    return {row.id: tuple(int(part) for part in row.path.split("/") if part) or (row.id,) for row in rows}


def branch_ids(department_ids: Iterable[int]) -> set[int]:
    """These departments and all below them."""
    wanted = list(dict.fromkeys(department_ids))
    if not wanted:
        return set()
    below = or_(Department.id.in_(wanted), *(Department.path.contains(f"/{id}/") for id in wanted))
    return set(db.session.scalars(select(Department.id).where(below)))


def departments_using(service_ids: Iterable[int]) -> dict[int, set[int]]:
    """The departments written down as users of each service (without their descendants)."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    rows = select(ServiceDepartment.service_id, ServiceDepartment.department_id).where(
        ServiceDepartment.service_id.in_(list(service_ids))
    )
    for service_id, department_id in db.session.execute(rows):
        found[service_id].add(department_id)
    return found


def services_used_by_path(path: Sequence[int]) -> frozenset[int]:
    """The services that a person with this department path uses."""
    if not path:
        return frozenset()
    rows = select(ServiceDepartment.service_id).where(ServiceDepartment.department_id.in_(path)).distinct()
    return frozenset(db.session.scalars(rows))


def roles_within(department_ids: Iterable[int]) -> list[str]:
    """The roles that enabled people directly in these departments have. One query, which stops at the first of each."""
    ids = sorted(department_ids)
    found = [
        exists().where(User.role == role, User.department_id.in_(ids), User.disabled_at.is_(None))
        for role in ROLE_NAMES
    ]
    row = db.session.execute(select(*found)).one()
    return [role for role, is_there in zip(ROLE_NAMES, row, strict=True) if is_there]


def services_by_department() -> defaultdict[int, set[int]]:
    """The services written down as used by each department (without those of its ancestors). One query."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    for service_id, department_id in db.session.execute(USES):
        found[department_id].add(service_id)
    return found


def facts_of(viewer: Viewer) -> ViewerFacts:
    """What decides whether this signed-in person is in an audience: one query."""
    return ViewerFacts(viewer.id, viewer.role, viewer.department_path, services_used_by_path(viewer.department_path))


def audience_condition(targets: Iterable[Target]) -> ColumnElement[bool]:
    """The SQL condition on `User` that holds for the enabled people of the audience."""
    targets = list(targets)
    if any(t.kind is TargetKind.everyone and is_well_formed(t) for t in targets):
        return User.disabled_at.is_(None)
    parts: list[ColumnElement[bool]] = []
    using = departments_using(ids_of(targets, TargetKind.service_users))
    departments = branch_ids([*ids_of(targets, TargetKind.department), *(i for ids in using.values() for i in ids)])
    if departments:
        parts.append(User.department_id.in_(sorted(departments)))
    if people := ids_of(targets, TargetKind.requester):
        parts.append(User.id.in_(people))
    if roles := [t.id for t in targets if t.kind is TargetKind.role and is_well_formed(t)]:
        parts.append(User.role.in_(roles))
    return User.disabled_at.is_(None) & (or_(*parts) if parts else false())


def count_people(targets: Iterable[Target]) -> int:
    return db.session.scalar(select(func.count()).select_from(User).where(audience_condition(targets))) or 0


def forecast(actor: Viewer, targets: Iterable[Target]) -> Forecast:
    """Counts for an audience. Raises Forbidden for people who may not announce. A handful of indexed queries."""
    if not actor.may_announce:
        raise Forbidden(_("Only technicians can see who would be reached."))
    targets = list(targets)
    condition = audience_condition(targets)
    by_department, without_email = _count_everybody() if _is_everyone(targets) else _count_where(condition)
    people = sum(by_department.values())
    named = _names_of_departments([department_id for department_id in by_department if department_id])
    departments = [DepartmentCount(i or 0, named.get(i or 0, ""), number) for i, number in by_department.items()]
    return Forecast(
        people=people,
        total=people if _is_everyone(targets) else total_people(),
        online=_count_online(condition, online_user_ids()),
        without_email=without_email,
        departments=tuple(sorted(departments, key=lambda d: (-d.people, d.name))),
        requesters=tuple(_named_requesters(ids_of(targets, TargetKind.requester))),
        missing=tuple(missing_targets(targets)),
    )


def _count_where(condition: ColumnElement[bool]) -> tuple[dict[int | None, int], int]:
    """How many people meet the condition in each department, and how many of all have no mailbox."""
    rows = db.session.execute(
        select(User.department_id, func.count(), func.count(User.email)).where(condition).group_by(User.department_id)
    ).all()
    return {row[0]: row[1] for row in rows}, sum(row[1] - row[2] for row in rows)


def _count_everybody() -> tuple[dict[int | None, int], int]:
    """As `_count_where` for all enabled people: by the indexes alone, less the few who are disabled.

    To look at each person takes several times as long.
    """
    # As an expression the department has no index, by whose order SQLite would fetch each person alone.
    own: ColumnElement[int | None] = literal_column("department_id + 0")
    disabled = select(own, func.count(), func.count(User.email)).where(User.disabled_at.is_not(None)).group_by(own)
    gone = {row[0]: (row[1], row[1] - row[2]) for row in db.session.execute(disabled)}
    rows = db.session.execute(select(User.department_id, func.count()).group_by(User.department_id))
    left = {row[0]: row[1] - gone.get(row[0], (0, 0))[0] for row in rows}
    without_email = db.session.scalar(select(func.count()).select_from(User).where(User.email.is_(None))) or 0
    without_email -= sum(number for _people, number in gone.values())
    return {department_id: number for department_id, number in left.items() if number}, without_email


def _is_everyone(targets: Iterable[Target]) -> bool:
    return any(t.kind is TargetKind.everyone and is_well_formed(t) for t in targets)


def total_people() -> int:
    return db.session.scalar(select(func.count()).select_from(User).where(User.disabled_at.is_(None))) or 0


def _names_of_departments(ids: Sequence[int]) -> dict[int, str]:
    rows = db.session.execute(select(Department.id, Department.name).where(Department.id.in_(ids)))
    return {row.id: row.name for row in rows}


def _named_requesters(ids: Sequence[int]) -> list[Named]:
    rows = db.session.execute(
        select(User.id, User.name).where(User.id.in_(ids), User.disabled_at.is_(None)).order_by(User.name)
    )
    return [Named(row.id, row.name) for row in rows]


def _count_online(condition: ColumnElement[bool], online_ids: Iterable[int]) -> int:
    return sum(
        db.session.scalar(select(func.count()).select_from(User).where(User.id.in_(chunk), condition)) or 0
        for chunk in _chunks(sorted(set(online_ids)))
    )


def _chunks(ids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), ONLINE_CHUNK):
        yield ids[start : start + ONLINE_CHUNK]


def missing_targets(targets: Iterable[Target]) -> list[Target]:
    """Targets that are malformed or name a department, person or service that does not exist."""
    targets = list(targets)
    existing = {
        kind: set(db.session.scalars(select(column).where(column.in_(ids))))
        for kind, column in (
            (TargetKind.department, Department.id),
            (TargetKind.requester, User.id),
            (TargetKind.service_users, Service.id),
        )
        if (ids := ids_of(targets, kind))
    }
    return [
        t
        for t in targets
        if not is_well_formed(t)
        or (t.kind not in (TargetKind.everyone, TargetKind.role) and int(t.id or 0) not in existing.get(t.kind, ()))
    ]


def reach_of(actor: Viewer) -> Reach:
    """What this person may address when publishing; see `rules.beyond_reach` for the rule."""
    if actor.is_administrator or len(actor.department_path) < 2:
        return Reach()
    roots = db.session.scalars(select(Department.id).where(Department.parent_id.is_(None)).limit(2)).all()
    root = actor.department_path[0]
    return Reach() if len(roots) < 2 else Reach(root, frozenset(branch_ids([root])))


def targets_beyond_reach(actor: Viewer, targets: Iterable[Target]) -> list[Target]:
    """The targets that this technician may not address."""
    targets, reach = list(targets), reach_of(actor)
    if not reach.is_limited:
        return []
    people = select(User.id, User.department_id).where(User.id.in_(ids_of(targets, TargetKind.requester)))
    return beyond_reach(
        targets,
        reach,
        people_departments={row.id: row.department_id for row in db.session.execute(people)},
        service_departments=dict(departments_using(ids_of(targets, TargetKind.service_users))),
    )


def target_names(targets: Iterable[Target]) -> dict[Target, str]:
    """The name of each target that exists, for lists and the composer. "Everyone" and roles name themselves."""
    targets = list(targets)
    names: dict[Target, str] = {}
    for kind, id_column, name_column in (
        (TargetKind.department, Department.id, Department.name),
        (TargetKind.requester, User.id, User.name),
        (TargetKind.service_users, Service.id, Service.name),
    ):
        if ids := ids_of(targets, kind):
            rows = db.session.execute(select(id_column, name_column).where(id_column.in_(ids)))
            names |= {Target(kind, str(id)): name for id, name in rows}
    return {t: names.get(t, t.id or "") for t in targets}
