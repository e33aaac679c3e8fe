"""Making and changing services."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Department, Team
from helpdesk.audit import actions as audit
from helpdesk.catalog import queries
from helpdesk.catalog.models import Service, ServiceDepartment
from helpdesk.catalog.rules import (
    DESCRIPTION_LIMIT,
    KEYWORDS_LIMIT,
    NAME_LIMIT,
    NewService,
    ServiceChange,
    ServiceChanged,
    is_slug,
    make_slug,
    tidy_keywords,
)
from helpdesk.core import feed, outbox
from helpdesk.core.database import transaction
from helpdesk.core.errors import Invalid, Stale
from helpdesk.hooks.specs import Viewer
from helpdesk.web.access import require_administrator
from helpdesk.web.text import has_control_characters


def _tidy(change: NewService | ServiceChange) -> dict[str, Any]:
    """The values as they are stored."""
    values = {f.name: getattr(change, f.name) for f in dataclasses.fields(change) if f.name != "revision"}
    return values | {
        "name": change.name.strip(),
        "slug": change.slug.strip() or make_slug(change.name),
        "keywords": tidy_keywords(change.keywords),
        "department_ids": tuple(sorted(set(change.department_ids))),
    }


def _check(session: Session, values: dict[str, Any], own_id: int = 0) -> None:
    """Raises Invalid with everything that is wrong with these values of a service."""
    faults: dict[str, Any] = {}
    limits = {"name": NAME_LIMIT, "description": DESCRIPTION_LIMIT, "keywords": KEYWORDS_LIMIT}
    for field, most in limits.items():
        if len(values[field]) > most:
            faults[field] = _("Use %(limit)s characters at most.", limit=most)
        elif has_control_characters(values[field], one_line=field != "description"):
            faults[field] = _("Please remove the invisible control characters.")
    if not values["name"]:
        faults["name"] = _("Enter a name.")
    if not is_slug(values["slug"]):
        faults["slug"] = _("Use lower-case letters, digits and hyphens, 60 at most.")
    elif queries.is_slug_taken(values["slug"], own_id):
        faults["slug"] = _("Another service has this address already.")
    if values["owner_team_id"] is not None and session.get(Team, values["owner_team_id"]) is None:
        faults["owner_team_id"] = _("There is no such team.")
    parent_id = values["parent_id"]
    if parent_id is not None and session.get(Service, parent_id) is None:
        faults["parent_id"] = _("There is no such service.")
    elif own_id and own_id in queries.ancestors(parent_id):
        faults["parent_id"] = _("A service cannot be part of itself.")
    chosen = values["department_ids"]
    known = set(session.scalars(select(Department.id).where(Department.id.in_(chosen)))) if chosen else set()
    if set(chosen) - known:
        faults["department_ids"] = _("There is no such department.")
    if faults:
        raise Invalid(faults)


def _set_departments(session: Session, service_id: int, department_ids: Iterable[int]) -> None:
    session.execute(delete(ServiceDepartment).where(ServiceDepartment.service_id == service_id))
    session.add_all(ServiceDepartment(service_id=service_id, department_id=i) for i in department_ids)


def _flush(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        raise Invalid({"slug": _("Another service has this address already.")}) from error


def create_service(actor: Viewer | None, new: NewService) -> Service:
    """Raises Forbidden, Invalid (name, slug, description, parent_id, owner_team_id, keywords, department_ids)."""
    require_administrator(actor)
    values = _tidy(new)
    with transaction() as session:
        _check(session, values)
        service = Service(**{k: v for k, v in values.items() if k != "department_ids"})
        session.add(service)
        _flush(session)
        _set_departments(session, service.id, values["department_ids"])
        audit.record(actor, "service.created", "service", service.id, after=values)
        feed.record("catalog", service.id)
    return service


def change_service(actor: Viewer | None, service_id: int, change: ServiceChange) -> Service:
    """Set everything of a service, retiring included. Who uses it decides who sees announcements about it.

    Raises Forbidden, NotFound, Stale, Invalid (the fields of the change).
    """
    require_administrator(actor)
    values = _tidy(change)
    with transaction() as session:
        service = queries.get_service(service_id)
        before = _tidy(queries.change_of(service))
        if change.revision != service.revision:
            raise Stale(
                _("Somebody else changed this service in the meantime."), before | {"revision": service.revision}
            )
        differing = [name for name in values if values[name] != before[name]]
        if not differing:
            return service
        _check(session, values, service.id)
        for name in differing:
            if name != "department_ids":
                setattr(service, name, values[name])
        if "department_ids" in differing:
            _set_departments(session, service.id, values["department_ids"])
        service.revision += 1
        _flush(session)
        audit.record(
            actor, "service.changed", "service", service.id,
            before={n: before[n] for n in differing}, after={n: values[n] for n in differing},
        )  # fmt: skip
        feed.record("catalog", service.id)
        outbox.record(ServiceChanged(service.id, tuple(differing)))
    return service
