"""The department tree and the teams."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from helpdesk.accounts import queries
from helpdesk.accounts.actions._shared import flush_unique, name_fault
from helpdesk.accounts.models import Department, Team, User
from helpdesk.accounts.rules import DEPTH_LIMIT, DepartmentsChanged, makes_cycle, parse_path
from helpdesk.audit import actions as audit
from helpdesk.core import feed, outbox
from helpdesk.core.database import transaction
from helpdesk.core.errors import Conflict, Invalid, Stale
from helpdesk.hooks.specs import Viewer
from helpdesk.web.access import require_administrator


def _check_name(session: Session, name: str, parent_id: int | None, own_id: int = 0) -> str:
    name = name.strip()
    if fault := name_fault(name):
        raise Invalid({"name": fault})
    taken = select(Department.id).where(
        func.lower(Department.name) == func.lower(name), Department.parent_id == parent_id, Department.id != own_id
    )
    if session.scalar(taken) is not None:
        raise Invalid({"name": _("There is a department of this name in the same place.")})
    return name


def _parent_path(session: Session, parent_id: int | None, levels_below: int) -> str:
    """The path of the new parent. Raises Invalid when there is none, or the tree would become too deep."""
    if parent_id is None:
        return "/"
    parent = session.get(Department, parent_id)
    if parent is None:
        raise Invalid({"parent_id": _("There is no such department.")})
    if len(parse_path(parent.path)) + levels_below > DEPTH_LIMIT:
        raise Invalid({"parent_id": _("The tree may have %(count)s levels at most.", count=DEPTH_LIMIT)})
    return parent.path


def _announce(department: Department) -> int:
    outbox.record(DepartmentsChanged((department.id,)))
    return feed.record("departments")


def create_department(actor: Viewer | None, name: str, parent_id: int | None = None) -> Department:
    """Raises Forbidden, Invalid (name, parent_id)."""
    require_administrator(actor)
    with transaction() as session:
        path = _parent_path(session, parent_id, 1)
        department = Department(name=_check_name(session, name, parent_id), parent_id=parent_id)
        session.add(department)
        session.flush()
        department.path = f"{path}{department.id}/"
        audit.record(
            actor, "department.created", "department", department.id, after={"name": name, "parent_id": parent_id}
        )
        _announce(department)
    return department


def _get_for_change(department_id: int, revision: int | None) -> Department:
    department = queries.get_department(department_id)
    if revision is not None and revision != department.revision:
        current = {"revision": department.revision, "name": department.name, "parent_id": department.parent_id}
        raise Stale(_("Somebody else changed this department in the meantime."), current)
    return department


def change_department(
    actor: Viewer | None, department_id: int, name: str, parent_id: int | None, revision: int | None = None
) -> Department:
    """Rename a department and move it with everything below it. People below see other announcements at once.

    Raises Forbidden, NotFound, Stale, Invalid (name, parent_id), Conflict (below itself).
    """
    require_administrator(actor)
    with transaction() as session:
        department = _get_for_change(department_id, revision)
        before = {"name": department.name, "parent_id": department.parent_id}
        name = _check_name(session, name, parent_id, department_id)
        if before == {"name": name, "parent_id": parent_id}:
            return department
        department.name = name
        if parent_id != department.parent_id:
            _move(session, department, parent_id)
        department.revision += 1
        audit.record(
            actor,
            "department.changed",
            "department",
            department.id,
            before=before,
            after={"name": name, "parent_id": parent_id},
        )
        seq = _announce(department)
        if parent_id != before["parent_id"]:
            below = select(Department.id).where(Department.path.startswith(department.path))
            session.execute(
                update(User).where(User.department_id.in_(below)).values(authz_version=seq),
                execution_options={"synchronize_session": False},
            )
    return department


def move_department(actor: Viewer | None, department_id: int, parent_id: int | None) -> Department:
    """As `change_department`, keeping the name."""
    return change_department(actor, department_id, queries.get_department(department_id).name, parent_id)


def _move(session: Session, department: Department, parent_id: int | None) -> None:
    old = department.path
    deepest = session.scalars(select(Department.path).where(Department.path.startswith(old))).all()
    levels = max(len(parse_path(path)) for path in deepest) - len(parse_path(old)) + 1
    base = _parent_path(session, parent_id, levels)
    if makes_cycle(base, department.id):
        raise Conflict(_("A department cannot be moved below itself. Choose another place."))
    department.parent_id = parent_id
    session.flush()
    session.execute(
        update(Department)
        .where(Department.path.startswith(old))
        .values(path=f"{base}{department.id}/" + func.substr(Department.path, len(old) + 1)),
        execution_options={"synchronize_session": False},
    )
    session.refresh(department, ["path"])


def delete_department(actor: Viewer | None, department_id: int) -> None:
    """Raises Forbidden, NotFound, Conflict when anybody or anything still belongs to it."""
    require_administrator(actor)
    with transaction() as session:
        department = queries.get_department(department_id)
        if queries.is_department_in_use(department_id):
            raise Conflict(_("People or departments still belong to it. Move them first."))
        facts = {"name": department.name, "parent_id": department.parent_id}
        session.delete(department)
        try:
            session.flush()
        except IntegrityError as error:
            raise Conflict(_("Something else still refers to it. Remove that first.")) from error
        audit.record(actor, "department.deleted", "department", department_id, before=facts)
        outbox.record(DepartmentsChanged((department_id,)))
        feed.record("departments")


def _check_team_name(session: Session, name: str, own_id: int = 0) -> str:
    name = name.strip()
    if fault := name_fault(name):
        raise Invalid({"name": fault})
    taken = select(Team.id).where(func.lower(Team.name) == func.lower(name), Team.id != own_id)
    if session.scalar(taken) is not None:
        raise Invalid({"name": _("There is a team of this name already.")})
    return name


def create_team(actor: Viewer | None, name: str) -> Team:
    """Raises Forbidden, Invalid (name)."""
    require_administrator(actor)
    with transaction() as session:
        team = Team(name=_check_team_name(session, name))
        session.add(team)
        flush_unique(session, "name", _("There is a team of this name already."))
        audit.record(actor, "team.created", "team", team.id, after={"name": team.name})
    return team


def rename_team(actor: Viewer | None, team_id: int, name: str) -> Team:
    """Raises Forbidden, NotFound, Invalid (name)."""
    require_administrator(actor)
    with transaction() as session:
        team = queries.get_team(team_id)
        before, team.name = team.name, _check_team_name(session, name, team_id)
        flush_unique(session, "name", _("There is a team of this name already."))
        audit.record(actor, "team.renamed", "team", team.id, before={"name": before}, after={"name": team.name})
    return team


def delete_team(actor: Viewer | None, team_id: int) -> None:
    """Raises Forbidden, NotFound, Conflict when people, services or tickets still belong to it."""
    require_administrator(actor)
    with transaction() as session:
        team = queries.get_team(team_id)
        name = team.name
        session.delete(team)
        try:
            session.flush()
        except IntegrityError as error:
            raise Conflict(_("People, services or tickets still belong to this team. Move them first.")) from error
        audit.record(actor, "team.deleted", "team", team_id, before={"name": name})
