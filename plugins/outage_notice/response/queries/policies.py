"""The targets of each level: of all, and of departments that agreed on others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import exists, select

from helpdesk.plugin_api import Department, Role, User, db
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries.records import targets_by_id
from plugins.outage_notice.announcements.rules import Severity
from plugins.outage_notice.audiences.queries import audience_condition, branch_ids
from plugins.outage_notice.audiences.rules import Target
from plugins.outage_notice.response.models import Manager, PromisePolicy, PromisePolicyChange
from plugins.outage_notice.response.rules import DEFAULT_TARGETS, LevelTargets, Targets, strictest
from plugins.outage_notice.response.rules.policies import Policies, PolicyChange, policies_at


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
    return _split(_policies())[0]


def department_policies() -> dict[int, dict[int, Targets]]:
    """What single departments agreed on: targets by level, by department."""
    return _split(_policies())[1]


def _policies() -> Policies:
    return {(row.department_id, row.severity): _targets(row) for row in db.session.scalars(select(PromisePolicy))}


def _split(policies: Policies) -> tuple[dict[int, Targets], dict[int, dict[int, Targets]]]:
    """Those for all by level, and those of each department."""
    general, agreed = dict(DEFAULT_TARGETS), defaultdict[int, dict[int, Targets]](dict)
    for (department_id, severity), targets in policies.items():
        (general if department_id is None else agreed[department_id])[severity] = targets
    return general, dict(agreed)


def _changes_since(moment: datetime) -> list[PolicyChange]:
    """Every change of a policy after this moment, in order."""
    query = select(PromisePolicyChange).where(PromisePolicyChange.changed_at > moment)
    rows = db.session.scalars(query.order_by(PromisePolicyChange.changed_at, PromisePolicyChange.id))
    return [
        PolicyChange(
            row.changed_at, row.department_id, row.severity, None if row.former is None else Targets(**row.former)
        )
        for row in rows
    ]


def department_names(ids: Iterable[int]) -> dict[int, str]:
    rows = db.session.execute(select(Department.id, Department.name).where(Department.id.in_(list(ids))))
    return {row.id: row.name for row in rows}


def targets_for(records: Sequence[Announcement]) -> dict[int, Targets]:
    """The targets of each announcement at its present level, as `level_targets_for`."""
    found = level_targets_for(records)
    return {record.id: found[record.id].get(record.severity, strictest(())) for record in records}


def level_targets_for(records: Sequence[Announcement], *, of_today: bool = False) -> dict[int, LevelTargets]:
    """The targets of each announcement by level: the strictest of those for all and of the departments it is for.

    As they held when it was published; of drafts, and with `of_today`, the present ones.
    """
    begun = {} if of_today else {r.id: r.published_at for r in records if r.published_at is not None}
    present = _policies()
    changes = _changes_since(min(begun.values())) if begun else []
    held: dict[int, tuple[Policies, int]] = {}  # by announcement, with how many changes came after it
    for record in records:
        since = begun.get(record.id)
        later = 0 if since is None else sum(change.at > since for change in changes)
        held[record.id] = (policies_at(present, changes, since) if since and later else present), later
    is_agreed = any(key[0] is not None for policies, _later in held.values() for key in policies)
    audiences: Mapping[int, list[Target]] = targets_by_id([r.id for r in records]) if is_agreed and records else {}
    made: dict[tuple[tuple[Target, ...], int], LevelTargets] = {}  # many outages are for the same few audiences
    found = {}
    for record in records:
        policies, later = held[record.id]
        key = tuple(audiences.get(record.id, ())), later
        if key not in made:
            made[key] = _by_level(policies, key[0])
        found[record.id] = made[key]
    return found


def _by_level(policies: Policies, audience: Sequence[Target]) -> LevelTargets:
    general, agreed = _split(policies)
    concerned = [levels for id, levels in agreed.items() if _concerns(audience, id)]
    return {
        level: strictest([general.get(level, Targets()), *(one[level] for one in concerned if level in one)])
        for level in Severity
    }


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
