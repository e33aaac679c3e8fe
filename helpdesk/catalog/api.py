"""/api/v1/services: the catalogue, for everybody; changes for administrators."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

from apiflask import APIBlueprint
from pydantic import Field

from helpdesk.catalog import actions, queries
from helpdesk.catalog.models import Service
from helpdesk.catalog.rules import DESCRIPTION_LIMIT, KEYWORDS_LIMIT, NAME_LIMIT, SLUG_LIMIT, NewService
from helpdesk.hooks.specs import Viewer
from helpdesk.web.access import allow, get_viewer
from helpdesk.web.api import (
    Answer,
    Body,
    Page,
    etag,
    idempotent,
    if_match,
    limit_argument,
    make_cursor,
    paged,
    read_cursor,
)

api = APIBlueprint("catalog_api", __name__, url_prefix="/api/v1/services", tag="Services")
BLUEPRINTS = (api,)
SCOPE = "api.services"
MOST_DEPARTMENTS = 1000
Id = Annotated[int, Field(ge=1, le=2**31 - 1, strict=True)]


class ServiceOut(Answer):
    id: int
    revision: int
    slug: str
    name: str
    description: str
    parent_id: int | None
    is_public: bool
    is_retired: bool
    keywords: str | None = Field(description="For staff.")
    owner_team_id: int | None = Field(description="For staff.")
    department_ids: list[int] | None = Field(description="The departments that use it. For staff.")


class ServicePage(Page[ServiceOut]):
    """Services by id, retired ones included."""


class _Fields(Body):
    slug: str = Field("", max_length=SLUG_LIMIT)
    description: str = Field("", max_length=DESCRIPTION_LIMIT)
    parent_id: Id | None = None
    owner_team_id: Id | None = None
    keywords: str = Field("", max_length=KEYWORDS_LIMIT)
    is_public: bool = Field(False, strict=True)
    position: int = Field(0, ge=0, le=10_000, strict=True)
    department_ids: list[Id] = Field([], max_length=MOST_DEPARTMENTS)


class ServiceIn(_Fields):
    name: str = Field(min_length=1, max_length=NAME_LIMIT)


class ServicePatch(_Fields):
    """Only the fields that are sent are changed."""

    name: str = Field("", min_length=1, max_length=NAME_LIMIT)
    is_retired: bool = Field(False, strict=True)


def _out(services: list[Service], viewer: Viewer) -> list[dict[str, Any]]:
    used_by = queries.departments_of_services(s.id for s in services) if viewer.is_staff else {}
    names = ("id", "revision", "slug", "name", "description", "parent_id", "is_public", "is_retired")
    return [
        {name: getattr(s, name) for name in names}
        | {
            "keywords": s.keywords if viewer.is_staff else None,
            "owner_team_id": s.owner_team_id if viewer.is_staff else None,
            "department_ids": sorted(used_by[s.id]) if viewer.is_staff else None,
        }
        for s in services
    ]


def _answer(service: Service) -> tuple[dict[str, Any], dict[str, str]]:
    return _out([service], get_viewer())[0], etag(service.revision)


@api.get("")
@allow("requester", scope="directory:read")
@api.output(ServicePage)
def list_services() -> Any:
    """List services"""
    limit, after = limit_argument(), read_cursor(SCOPE)
    rows = queries.page_of_services(limit + 1, after[0] if after else 0)
    cursor = make_cursor(SCOPE, rows[limit - 1].id) if len(rows) > limit else None
    return paged(_out(rows[:limit], get_viewer()), cursor)


@api.get("/<int:service_id>")
@allow("requester", scope="directory:read")
@api.output(ServiceOut)
def show(service_id: int) -> Any:
    """Read a service"""
    return _answer(queries.get_service(service_id))


@api.post("")
@allow("administrator", scope="directory:write")
@idempotent
@api.input(ServiceIn, arg_name="body")
@api.output(ServiceOut, 201)
def create(body: ServiceIn) -> Any:
    """Add a service"""
    values = body.model_dump()
    new = NewService(**values | {"department_ids": tuple(values["department_ids"])})
    service = actions.create_service(get_viewer(), new)
    answer, headers = _answer(service)
    return answer, {**headers, "Location": f"/api/v1/services/{service.id}"}


@api.patch("/<int:service_id>")
@allow("administrator", scope="directory:write")
@idempotent
@api.input(ServicePatch, arg_name="body")
@api.output(ServiceOut)
def change(service_id: int, body: ServicePatch) -> Any:
    """Change a service

    `is_retired` takes it out of forms and lists; tickets and announcements keep it.
    """
    sent = body.model_dump(exclude_unset=True)
    if "department_ids" in sent:
        sent["department_ids"] = tuple(sent["department_ids"])
    wanted = dataclasses.replace(queries.change_of(queries.get_service(service_id)), **sent)
    revision = if_match()
    wanted = wanted if revision is None else dataclasses.replace(wanted, revision=revision)
    return _answer(actions.change_service(get_viewer(), service_id, wanted))
