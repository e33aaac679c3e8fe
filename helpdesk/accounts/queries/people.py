"""Reads of people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import Select, func, inspect, or_, select, tuple_
from sqlalchemy.orm import joinedload

from helpdesk.accounts.models import Department, User
from helpdesk.accounts.rules import STAFF, Role, UserChange, fold, normal_email, parse_path
from helpdesk.core.database import db, time_limit
from helpdesk.core.errors import Forbidden, NotFound
from helpdesk.hooks.specs import Viewer

WHOLE = (joinedload(User.department), joinedload(User.team))
CHUNK = 5000  # ids in one statement: databases limit the parameters


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """Which people a list shows. `department_id` includes the departments below; `is_disabled` None shows both."""

    text: str = ""
    department_id: int | None = None
    role: Role | None = None
    is_disabled: bool | None = None


def find_user(user_id: int) -> User | None:
    """The person with their department and team."""
    return db.session.scalar(select(User).where(User.id == user_id).options(*WHOLE))


def get_user(user_id: int) -> User:
    """As `find_user`. Raises NotFound."""
    user = find_user(user_id)
    if user is None:
        raise NotFound(_("There is no such person."))
    return user


def find_user_by_email(email: str | None) -> User | None:
    address = normal_email(email)
    return db.session.scalar(select(User).where(User.email == address).options(*WHOLE)) if address else None


def get_person(actor: Viewer, user_id: int) -> User:
    """A person whom `actor` may look at: staff see everybody, others only themselves. Raises NotFound."""
    if not actor.is_staff and actor.id != user_id:
        raise NotFound(_("There is no such person."))
    return get_user(user_id)


def change_of(user: User) -> UserChange:
    """The person as a change that changes nothing, to be altered with `dataclasses.replace`."""
    return UserChange(
        revision=user.revision,
        name=user.name,
        email=user.email,
        role=user.role,
        department_id=user.department_id,
        team_id=user.team_id,
        locale=user.locale,
        time_zone=user.time_zone,
    )


def _to_viewer(user: User, path: str | None) -> Viewer:
    settings = current_app.extensions["helpdesk"].settings
    return Viewer(
        id=user.id,
        name=user.name,
        email=user.email,
        role=user.role.value,
        department_id=user.department_id,
        department_path=parse_path(path or ""),
        locale=user.locale or settings.locale,
        time_zone=user.time_zone or settings.time_zone,
        theme=user.theme,
    )


def viewer_of(user: User) -> Viewer:
    """The person as pages, boards and plugins see them."""
    if user.department_id is None:
        return _to_viewer(user, None)
    if "department" in inspect(user).unloaded:
        return _to_viewer(user, db.session.scalar(select(Department.path).where(Department.id == user.department_id)))
    return _to_viewer(user, user.department.path if user.department else None)


def viewer_of_row(row: Any) -> Viewer:
    """The same from a row of columns of `User` and `department_path`."""
    return _to_viewer(row, row.department_path)


def viewers(user_ids: Iterable[int]) -> dict[int, Viewer]:
    """The viewers with these ids, without disabled people: one query for each 5,000 of them."""
    ids, found = sorted(set(user_ids)), {}
    for start in range(0, len(ids), CHUNK):
        rows = db.session.execute(
            select(User, Department.path)
            .outerjoin(Department, User.department_id == Department.id)
            .where(User.id.in_(ids[start : start + CHUNK]), User.disabled_at.is_(None))
        )
        found.update({user.id: _to_viewer(user, path) for user, path in rows})
    return found


def people_names(user_ids: Iterable[int | None]) -> dict[int, str]:
    """The names of people by id, disabled ones included."""
    ids, names = sorted({i for i in user_ids if i is not None}), {}
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        rows = db.session.execute(select(User.id, User.name).where(User.id.in_(chunk)))
        names.update({row.id: row.name for row in rows})
    return names


def person_name(user_id: int) -> str:
    """The name of one person, or "" when there is none."""
    return people_names([user_id]).get(user_id, "")


def list_agents() -> list[User]:
    """Everybody who can be given a ticket: staff who are not disabled, by name."""
    wanted = select(User).where(User.role.in_(STAFF), User.disabled_at.is_(None)).options(*WHOLE)
    return list(db.session.scalars(wanted.order_by(User.sort_name, User.id)))


def count_administrators() -> int:
    """How many administrators can sign in now or after following their invitation."""
    query = select(func.count()).where(User.role == Role.administrator, User.disabled_at.is_(None))
    return db.session.scalar(query) or 0


def _matching(query: Select[User], text: str) -> Select[User]:
    for word in fold(text).split()[:6]:
        query = query.where(
            or_(User.sort_name.contains(word, autoescape=True), User.email.contains(word, autoescape=True))
        )
    return query


@time_limit()
def list_people(
    actor: Viewer, wanted: PeopleFilter, limit: int, after: tuple[str, int] | None = None
) -> tuple[list[User], tuple[str, int] | None]:
    """One page of people by name, and the place after which the next page starts (None at the end).

    Raises Forbidden for requesters.
    """
    if not actor.is_staff:
        raise Forbidden(_("Only staff can list people."))
    query: Select[User] = _matching(select(User), wanted.text).options(*WHOLE)
    if wanted.department_id is not None:
        path = select(Department.path).where(Department.id == wanted.department_id).scalar_subquery()
        below = select(Department.id).where(Department.path.like(path + "%"))
        query = query.where(User.department_id.in_(below))
    if wanted.role is not None:
        query = query.where(User.role == wanted.role)
    if wanted.is_disabled is not None:
        query = query.where(User.disabled_at.is_not(None) if wanted.is_disabled else User.disabled_at.is_(None))
    if after is not None:
        query = query.where(tuple_(User.sort_name, User.id) > tuple_(*after))
    users = list(db.session.scalars(query.order_by(User.sort_name, User.id).limit(limit + 1)))
    page = users[:limit]
    return page, (page[-1].sort_name, page[-1].id) if len(users) > limit else None


def search_people(actor: Viewer, text: str, limit: int = 20) -> list[User]:
    """People for a type-ahead, by name: not disabled, each word somewhere in name or address. For staff only."""
    return list_people(actor, PeopleFilter(text=text, is_disabled=False), limit)[0]


def list_demo_accounts() -> list[User]:
    """The demonstration's accounts that can sign in, in the order in which they were made."""
    may_sign_in = (User.is_demo, User.password_hash.is_not(None), User.disabled_at.is_(None))
    return list(db.session.scalars(select(User).where(*may_sign_in).order_by(User.id)))
