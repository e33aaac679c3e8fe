"""Reads of the department tree and of teams."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import func, or_, select

from helpdesk.accounts.models import Department, Team, User
from helpdesk.accounts.rules import fold, parse_path
from helpdesk.core.database import db
from helpdesk.core.errors import NotFound


def find_department(department_id: int) -> Department | None:
    return db.session.get(Department, department_id)


def get_department(department_id: int) -> Department:
    """Raises NotFound."""
    department = find_department(department_id)
    if department is None:
        raise NotFound(_("There is no such department."))
    return department


def department_path(department_id: int) -> tuple[int, ...]:
    """The ids from the root to this department; empty when there is none."""
    return parse_path(db.session.scalar(select(Department.path).where(Department.id == department_id)) or "")


def departments() -> list[Department]:
    """The whole tree in the order in which it is shown: each department before those below it, siblings by name."""
    children: dict[int | None, list[Department]] = {}
    for row in sorted(db.session.scalars(select(Department)), key=lambda d: (fold(d.name), d.id), reverse=True):
        children.setdefault(row.parent_id, []).append(row)
    waiting, ordered = list(children.get(None, [])), []
    while waiting:
        ordered.append(waiting.pop())
        waiting.extend(children.get(ordered[-1].id, []))
    return ordered


def list_departments(limit: int, after: int = 0) -> list[Department]:
    """One page of departments by id, for programs."""
    return list(
        db.session.scalars(select(Department).where(Department.id > after).order_by(Department.id).limit(limit))
    )


def descendant_ids(department_id: int) -> set[int]:
    """The department itself and all below it; empty when there is none."""
    path = select(Department.path).where(Department.id == department_id).scalar_subquery()
    return set(db.session.scalars(select(Department.id).where(Department.path.like(path + "%"))))


def search_departments(text: str, limit: int = 20) -> list[tuple[Department, str]]:
    """Departments for a type-ahead, each with the names above it ("Town hall › Administration")."""
    tree = departments()
    names = {row.id: row.name for row in tree}
    words = fold(text).split()
    found = [row for row in tree if all(word in fold(row.name) for word in words)][:limit]
    return [(row, " › ".join(names[i] for i in parse_path(row.path)[:-1])) for row in found]


def is_department_in_use(department_id: int) -> bool:
    """Whether people or other departments stand in it."""
    people = select(User.id).where(User.department_id == department_id).limit(1)
    below = select(Department.id).where(Department.parent_id == department_id).limit(1)
    return db.session.scalar(select(or_(people.exists(), below.exists()))) or False


def people_by_department() -> dict[int, int]:
    """How many people who are not disabled belong to each department itself."""
    rows = select(User.department_id, func.count()).where(User.department_id.is_not(None), User.disabled_at.is_(None))
    return {key: count for key, count in db.session.execute(rows.group_by(User.department_id)) if key}


def list_teams() -> list[Team]:
    return list(db.session.scalars(select(Team).order_by(func.lower(Team.name), Team.id)))


def get_team(team_id: int) -> Team:
    """Raises NotFound."""
    team = db.session.get(Team, team_id)
    if team is None:
        raise NotFound(_("There is no such team."))
    return team
