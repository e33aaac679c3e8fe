"""Reads of the service catalogue. It is small: whole lists are read at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask_babel import gettext as _
from sqlalchemy import select

from helpdesk.accounts.rules import fold
from helpdesk.catalog.models import Service, ServiceDepartment
from helpdesk.catalog.rules import ServiceChange
from helpdesk.core.database import db
from helpdesk.core.errors import NotFound

ORDER = (Service.position, Service.name, Service.id)


def list_services(include_retired: bool = False) -> list[Service]:
    """All services in the order of the catalogue."""
    query = select(Service).order_by(*ORDER)
    return list(db.session.scalars(query if include_retired else query.where(Service.is_retired.is_(False))))


def page_of_services(limit: int, after: int = 0) -> list[Service]:
    """One page of services by id, retired ones included, for programs."""
    return list(db.session.scalars(select(Service).where(Service.id > after).order_by(Service.id).limit(limit)))


def find_service(service_id: int) -> Service | None:
    return db.session.get(Service, service_id)


def get_service(service_id: int) -> Service:
    """Raises NotFound."""
    service = find_service(service_id)
    if service is None:
        raise NotFound(_("There is no such service."))
    return service


def services_by_id(service_ids: Iterable[int | None]) -> dict[int, Service]:
    """Services by id, retired ones included."""
    ids = sorted({i for i in service_ids if i is not None})
    return {row.id: row for row in db.session.scalars(select(Service).where(Service.id.in_(ids)))} if ids else {}


def departments_of_services(service_ids: Iterable[int]) -> dict[int, set[int]]:
    """The departments that use each service, as chosen: those below them use it too, but are not listed."""
    ids = sorted(set(service_ids))
    found: dict[int, set[int]] = {service_id: set() for service_id in ids}
    rows = db.session.execute(
        select(ServiceDepartment.service_id, ServiceDepartment.department_id).where(
            ServiceDepartment.service_id.in_(ids)
        )
    )
    for service_id, department_id in rows:
        found[service_id].add(department_id)
    return found


def services_of_department_path(path: Iterable[int]) -> list[Service]:
    """The services that people with this department path use, in the order of the catalogue."""
    used = select(ServiceDepartment.service_id).where(ServiceDepartment.department_id.in_(tuple(path)))
    return list(
        db.session.scalars(select(Service).where(Service.is_retired.is_(False), Service.id.in_(used)).order_by(*ORDER))
    )


def search_services(text: str, limit: int = 20) -> list[Service]:
    """Services for a type-ahead: each word somewhere in name or keywords."""
    words = fold(text).split()
    found = [s for s in list_services() if all(word in fold(f"{s.name} {s.keywords}") for word in words)]
    return found[:limit]


def change_of(service: Service) -> ServiceChange:
    """The service as a change that changes nothing, to be altered with `dataclasses.replace`."""
    return ServiceChange(
        revision=service.revision,
        name=service.name,
        slug=service.slug,
        description=service.description,
        parent_id=service.parent_id,
        owner_team_id=service.owner_team_id,
        keywords=service.keywords,
        is_public=service.is_public,
        is_retired=service.is_retired,
        position=service.position,
        department_ids=tuple(sorted(departments_of_services([service.id])[service.id])),
    )


def is_slug_taken(slug: str, own_id: int = 0) -> bool:
    return db.session.scalar(select(Service.id).where(Service.slug == slug, Service.id != own_id)) is not None


def ancestors(service_id: int | None) -> list[int]:
    """The ids from this service up to the top, itself included."""
    return [] if service_id is None else lineages([service_id])[service_id]


def lineages(service_ids: Iterable[int]) -> dict[int, list[int]]:
    """For each service the ids from it up to the top, itself included. One query."""
    parents = {row.id: row.parent_id for row in db.session.execute(select(Service.id, Service.parent_id))}
    return {id: _chain(id, parents) for id in service_ids}


def _chain(service_id: int | None, parents: Mapping[int, int | None]) -> list[int]:
    chain: list[int] = []
    while service_id is not None and service_id not in chain:
        chain.append(service_id)
        service_id = parents.get(service_id)
    return chain
