"""Who is called for an outage, who said "I have it", and who does what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from helpdesk.plugin_api import Role, Service, Team, User, db
from plugins.outage_notice.announcements import rules as announcing
from plugins.outage_notice.announcements.models import AffectedService, Announcement
from plugins.outage_notice.response.models import Call, Preparation
from plugins.outage_notice.response.rules import CallRole

TECHNICIANS_CALLED = 200
AGENTS_TOLD = 1000
STAFF = (Role.agent, Role.technician, Role.administrator)


@dataclass(frozen=True, slots=True)
class NamedCall:
    call: Call
    name: str


def find_preparation(announcement_id: int) -> Preparation | None:
    """What a playbook brought, if one was used."""
    return db.session.get(Preparation, announcement_id)


def calls_of(announcement_id: int) -> list[NamedCall]:
    """The calls of the present round, by role and name. The caller has authorised."""
    newest = (
        select(Call.cause)
        .where(Call.announcement_id == announcement_id)
        .order_by(Call.called_at.desc(), Call.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Call, User.name)
        .join(User, User.id == Call.user_id)
        .where(Call.announcement_id == announcement_id, Call.cause == newest)
        .order_by(User.name)
    )
    order = list(CallRole)
    return sorted((NamedCall(call, name) for call, name in rows), key=lambda c: order.index(c.call.role))


def open_calls_of(user_id: int, now: datetime) -> list[tuple[Call, Announcement]]:
    """What this person is called for and has not answered, while it lasts; the newest first."""
    rows = db.session.execute(
        select(Call, Announcement)
        .join(Announcement, Announcement.id == Call.announcement_id)
        .where(
            Call.user_id == user_id,
            Call.answered_at.is_(None),
            Announcement.status.in_(announcing.LIVE_STATUSES),
        )
        .order_by(Announcement.severity, Call.id.desc())
    ).all()
    found: dict[int, tuple[Call, Announcement]] = {}
    for call, record in rows:
        if announcing.can_end(record, now):
            found.setdefault(record.id, (call, record))
    return list(found.values())


def members_of_teams(team_ids: Iterable[int]) -> dict[int, list[tuple[int, Role]]]:
    """The enabled staff of each team, with their role."""
    found: dict[int, list[tuple[int, Role]]] = {id: [] for id in team_ids}
    rows = db.session.execute(
        select(User.team_id, User.id, User.role)
        .where(User.team_id.in_(list(found)), User.disabled_at.is_(None), User.role.in_(STAFF))
        .order_by(User.name)
    )
    for team_id, user_id, role in rows:
        if team_id is not None:
            found[team_id].append((user_id, role))
    return found


def people_of_services(announcement_id: int) -> list[tuple[int, Role]]:
    """The staff of the teams that own the affected services."""
    teams = db.session.scalars(
        select(Service.owner_team_id)
        .join(AffectedService, AffectedService.service_id == Service.id)
        .where(AffectedService.announcement_id == announcement_id, Service.owner_team_id.is_not(None))
        .distinct()
    )
    found = members_of_teams(id for id in teams if id is not None)
    return list(dict.fromkeys(person for people in found.values() for person in people))


def technicians_for(service_id: int | None) -> list[int]:
    """Whom to call about a service before anybody has decided what it is: those of its team who may announce, else
    all technicians, by name.
    """
    able = User.disabled_at.is_(None), User.role.in_([Role.technician, Role.administrator])
    team_id = db.session.scalar(select(Service.owner_team_id).where(Service.id == service_id)) if service_id else None
    if team_id is not None:
        team = select(User.id).where(*able, User.team_id == team_id).order_by(User.name)
        if found := db.session.scalars(team).all():
            return list(found)
    every = select(User.id).where(able[0], User.role == Role.technician).order_by(User.name).limit(TECHNICIANS_CALLED)
    return list(db.session.scalars(every))


def agents() -> list[int]:
    """The enabled agents, by name: those who answer people before technicians do."""
    able = User.disabled_at.is_(None), User.role == Role.agent
    return list(db.session.scalars(select(User.id).where(*able).order_by(User.name).limit(AGENTS_TOLD)))


def staff_to_call() -> list[tuple[int, str]]:
    """The enabled staff, by name."""
    rows = db.session.execute(
        select(User.id, User.name).where(User.disabled_at.is_(None), User.role.in_(STAFF)).order_by(User.name)
    )
    return [(row.id, row.name) for row in rows]


def teams_to_call() -> list[tuple[int, str]]:
    """Teams by name."""
    return [(row.id, row.name) for row in db.session.execute(select(Team.id, Team.name).order_by(Team.name))]


def times_used(playbook_ids: Iterable[int]) -> dict[int, int]:
    """How often each playbook was used."""
    rows = db.session.execute(
        select(Preparation.playbook_id, func.count())
        .where(Preparation.playbook_id.in_(list(playbook_ids)))
        .group_by(Preparation.playbook_id)
    )
    return {id: count for id, count in rows if id is not None}


def colleagues_of(user_id: int) -> list[int]:
    """The enabled staff of this person's team."""
    team_id = db.session.scalar(select(User.team_id).where(User.id == user_id))
    return [] if team_id is None else [id for id, _role in members_of_teams([team_id])[team_id]]
