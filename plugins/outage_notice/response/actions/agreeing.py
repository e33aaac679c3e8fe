"""The targets of the levels and of departments, and who is told last. For administrators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from helpdesk.plugin_api import Department, Forbidden, Invalid, Viewer, now, record_audit, transaction, viewers
from plugins.outage_notice.announcements.rules import Severity
from plugins.outage_notice.response.models import Manager, PromisePolicy, PromisePolicyChange
from plugins.outage_notice.response.rules import MINUTES_LIMIT, Targets

MANAGERS_LIMIT = 50


def _require_administrator(actor: Viewer) -> None:
    if not actor.is_administrator:
        raise Forbidden(_("Only administrators change what is promised."))


def change_targets(actor: Viewer, department_id: int | None, levels: Mapping[int, Targets]) -> None:
    """Write the targets of these levels, for all (`department_id` None) or for one department. Raises Invalid."""
    _require_administrator(actor)
    for targets in levels.values():
        for field in fields(Targets):
            value = getattr(targets, field.name)
            if value is not None and not 1 <= value <= MINUTES_LIMIT:
                raise Invalid({field.name: _("Choose from 1 minute to 60 days.")})
    at = now()
    with transaction() as session:
        if department_id is not None and session.get(Department, department_id) is None:
            raise Invalid({"department_id": _("There is no such department.")})
        for severity, targets in levels.items():
            _write(session, actor, department_id, Severity(severity), targets, at)


def _write(
    session: Session, actor: Viewer, department_id: int | None, severity: int, targets: Targets, at: datetime
) -> None:
    row = session.scalars(
        select(PromisePolicy).where(
            PromisePolicy.department_id.is_not_distinct_from(department_id), PromisePolicy.severity == severity
        )
    ).one_or_none()
    values = asdict(targets)
    before = None if row is None else _values(row)
    is_nothing = department_id is not None and targets.is_empty  # as for all: nothing is agreed
    if before == values or (before is None and is_nothing):
        return
    if is_nothing:
        session.delete(row)
    elif row is None:
        session.add(PromisePolicy(department_id=department_id, severity=severity, **values))
    else:
        for name, value in values.items():
            setattr(row, name, value)
    _keep(session, department_id, severity, before, at)
    place = f"{department_id or 'all'}:{severity}"
    record_audit(actor, "promise_policy.changed", "promise_policy", place, before=before, after=values)


def _keep(
    session: Session, department_id: int | None, severity: int, former: dict[str, int | None] | None, at: datetime
) -> None:
    """What was published before is judged by what held then."""
    session.add(PromisePolicyChange(department_id=department_id, severity=severity, changed_at=at, former=former))


def drop_department(actor: Viewer, department_id: int) -> None:
    """This department has no targets of its own any more."""
    _require_administrator(actor)
    at = now()
    with transaction() as session:
        gone = session.scalars(select(PromisePolicy).where(PromisePolicy.department_id == department_id)).all()
        for row in gone:
            _keep(session, department_id, row.severity, _values(row), at)
            session.delete(row)
        if gone:
            before = {"levels": {str(row.severity): _values(row) for row in gone}}
            record_audit(actor, "promise_policy.dropped", "promise_policy", department_id, before=before)


def _values(row: PromisePolicy) -> dict[str, int | None]:
    return {field.name: getattr(row, field.name) for field in fields(Targets)}


def change_managers(actor: Viewer, user_ids: Iterable[int]) -> None:
    """Who is told last. Nobody: the administrators are. Raises Invalid for people who are no staff."""
    _require_administrator(actor)
    wanted = list(dict.fromkeys(user_ids))
    if len(wanted) > MANAGERS_LIMIT:
        raise Invalid({"managers": _("Choose at most %(limit)s people.", limit=MANAGERS_LIMIT)})
    with transaction() as session:
        known = viewers(wanted)
        if any(id not in known or not known[id].is_staff for id in wanted):
            raise Invalid({"managers": _("Choose people of the staff.")})
        before = sorted(session.scalars(select(Manager.user_id)))
        if before != sorted(wanted):
            session.execute(delete(Manager))
            session.add_all(Manager(user_id=id) for id in wanted)
            record_audit(
                actor, "management.changed", "management", "", before={"people": before}, after={"people": wanted}
            )
