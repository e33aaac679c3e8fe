"""The targets of each level: of all, and of departments that agreed on others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import exists, select

from helpdesk.plugin_api import Department, Role, User, db
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries.records import targets_by_id
from plugins.outage_notice.announcements.rules import Severity
from plugins.outage_notice.audiences.queries import audience_condition, branch_ids
from plugins.outage_notice.audiences.rules import Target
from plugins.outage_notice.response.models import Manager, PromisePolicy
from plugins.outage_notice.response.rules import DEFAULT_TARGETS, LevelTargets, Targets, strictest


def _targets(row: PromisePolicy) -> Targets:
    return Targets(
        row.first_message_minutes,
        row.response_minutes,
        row.update_minutes,
        row.resolution_minutes,
        row.escalate_minutes,
    )


def general_targets() -> dict[int, Targets]:
    """The targets of each level for everybody."""
    rows = db.session.scalars(select(PromisePolicy).where(PromisePolicy.department_id.is_(None)))
    return dict(DEFAULT_TARGETS) | {row.severity: _targets(row) for row in rows}


def department_policies() -> dict[int, dict[int, Targets]]:
    """What single departments agreed on: targets by level, by department."""
    found: defaultdict[int, dict[int, Targets]] = defaultdict(dict)
    for row in db.session.scalars(select(PromisePolicy).where(PromisePolicy.department_id.is_not(None))):
        found[row.department_id or 0][row.severity] = _targets(row)
    return dict(found)


def department_names(ids: Iterable[int]) -> dict[int, str]:
    rows = db.session.execute(select(Department.id, Department.name).where(Department.id.in_(list(ids))))
    return {row.id: row.name for row in rows}


def targets_for(records: Sequence[Announcement]) -> dict[int, Targets]:
    """The targets of each announcement at its present level, as `level_targets_for`."""
    found = level_targets_for(records)
    return {record.id: found[record.id].get(record.severity, strictest(())) for record in records}


def level_targets_for(records: Sequence[Announcement]) -> dict[int, LevelTargets]:
    """The targets of each announcement by level: the strictest of those for all and of the departments it is for."""
    general, agreed = general_targets(), department_policies()
    audiences: Mapping[int, list[Target]] = targets_by_id([r.id for r in records]) if agreed and records else {}
    made: dict[tuple[Target, ...], LevelTargets] = {}  # many outages are for the same few audiences
    found = {}
    for record in records:
        audience = tuple(audiences.get(record.id, ()))
        if audience not in made:
            concerned = [levels for id, levels in agreed.items() if _concerns(audience, id)]
            made[audience] = {
                level: strictest([general.get(level, Targets()), *(one[level] for one in concerned if level in one)])
                for level in Severity
            }
        found[record.id] = made[audience]
    return found


def _concerns(audience: Iterable[Target], department_id: int) -> bool:
    """Whether anybody of the department, or of one below it, is in the audience."""
    inside = User.department_id.in_(sorted(branch_ids([department_id])))
    return bool(db.session.scalar(select(exists().where(inside, audience_condition(audience)))))


def managers() -> list[int]:
    """The people who are told last: those chosen, else the administrators."""
    chosen = (
        select(User.id).join(Manager, Manager.user_id == User.id).where(User.disabled_at.is_(None)).order_by(User.name)
    )
    return list(db.session.scalars(chosen)) or administrators()


def administrators() -> list[int]:
    """Everybody who administers, by name."""
    every = select(User.id).where(User.role == Role.administrator, User.disabled_at.is_(None)).order_by(User.name)
    return list(db.session.scalars(every))


def chosen_managers() -> set[int]:
    """Those who were chosen to be told last; empty: the administrators are."""
    return set(db.session.scalars(select(Manager.user_id)))
