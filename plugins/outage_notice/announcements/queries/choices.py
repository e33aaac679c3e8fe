"""What the composer offers to choose from."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import or_, select

from helpdesk.plugin_api import Role, Service, User, db


def announcers(also: Iterable[int | None] = ()) -> dict[int, str]:
    """The people who may own an announcement, by name; `also` are kept even when they may no more."""
    kept = [id for id in also if id is not None]
    may = User.disabled_at.is_(None) & User.role.in_((Role.technician, Role.administrator))
    rows = db.session.execute(select(User.id, User.name).where(or_(may, User.id.in_(kept))).order_by(User.name))
    return {row.id: row.name for row in rows}


def services_to_choose(also: Iterable[int] = ()) -> list[tuple[int, str]]:
    """Services that can fail, by name; `also` are kept even when they are retired."""
    rows = db.session.execute(
        select(Service.id, Service.name)
        .where(or_(Service.is_retired.is_(False), Service.id.in_(list(also))))
        .order_by(Service.name)
    )
    return [(row.id, row.name) for row in rows]


def staff_to_choose(first: int, limit: int = 200) -> dict[int, str]:
    """Who may have checked something, by name: `first` before all others."""
    may = (User.disabled_at.is_(None), User.role != Role.requester)
    rows = db.session.execute(select(User.id, User.name).where(*may).order_by(User.id != first, User.name).limit(limit))
    return {row.id: row.name for row in rows}
