"""What the audience picker offers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import func, or_, select, true

from helpdesk.plugin_api import Department, Forbidden, Service, User, Viewer, db
from plugins.outage_notice.audiences.queries.people import reach_of, targets_beyond_reach
from plugins.outage_notice.audiences.rules import ROLE_NAMES, Target, TargetKind


@dataclass(frozen=True, slots=True)
class Option:
    """One offer of the audience picker. `detail` tells two of the same name apart."""

    kind: TargetKind
    id: str | None
    name: str
    detail: str
    people: int | None


def department_options(actor: Viewer, text: str = "", limit: int = 200) -> list[Option]:
    """Departments that this person may address, in tree order, with the people in each branch."""
    reach = reach_of(actor)
    rows = db.session.execute(select(Department.id, Department.name, Department.path)).all()
    counts = {
        row[0]: row[1]
        for row in db.session.execute(
            select(User.department_id, func.count()).where(User.disabled_at.is_(None)).group_by(User.department_id)
        )
    }
    names = {row.id: row.name for row in rows}
    paths = {row.id: tuple(int(p) for p in row.path.split("/") if p) or (row.id,) for row in rows}
    people: defaultdict[int, int] = defaultdict(int)
    for id, path in paths.items():
        for ancestor in path:
            people[ancestor] += counts.get(id, 0)
    offered = [
        id
        for id in sorted(names, key=lambda id: tuple(names.get(p, "").casefold() for p in paths[id]))
        if text.casefold() in names[id].casefold() and (not reach.is_limited or id in reach.department_ids)
    ]
    return [
        Option(
            TargetKind.department,
            str(id),
            names[id],
            " › ".join(names.get(p, "") for p in paths[id][:-1]),
            people[id],
        )
        for id in offered[:limit]
    ]


def search_targets(actor: Viewer, text: str, limit: int = 8) -> list[Option]:
    """What the audience picker offers for what was typed: departments, services, people, roles; only what this person
    may address. At most `limit` of each kind. Raises Forbidden for people who may not announce.
    """
    if not actor.may_announce:
        raise Forbidden(_("Only technicians can choose an audience."))
    reach, text = reach_of(actor), text.strip()
    options = department_options(actor, text, limit)
    if not text:
        return options
    inside = User.department_id.in_(reach.department_ids) if reach.is_limited else true()
    pattern = _like(text)
    people = db.session.execute(
        select(User.id, User.name, User.email, Department.name.label("department"))
        .outerjoin(Department, Department.id == User.department_id)
        .where(
            User.disabled_at.is_(None),
            inside,
            or_(User.name.ilike(pattern, escape="\\"), User.email.ilike(pattern, escape="\\")),
        )
        .order_by(User.name)
        .limit(limit)
    )
    options += [Option(TargetKind.requester, str(p.id), p.name, p.department or p.email or "", None) for p in people]
    services = db.session.execute(
        select(Service.id, Service.name)
        .where(Service.name.ilike(pattern, escape="\\"), Service.is_retired.is_(False))
        .order_by(Service.name)
        .limit(limit)
    )
    offered = [Option(TargetKind.service_users, str(s.id), s.name, _("people who use it"), None) for s in services]
    offered += [Option(TargetKind.role, r, r, _("role"), None) for r in ROLE_NAMES if text.casefold() in r]
    beyond = set(targets_beyond_reach(actor, [Target(o.kind, o.id) for o in offered]))
    return options + [o for o in offered if Target(o.kind, o.id) not in beyond]


def _like(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%" if len(text) > 2 else f"{escaped}%"
