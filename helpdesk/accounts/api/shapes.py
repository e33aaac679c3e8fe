"""What goes in and out. Only the fields named here can be read or written."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from helpdesk.accounts.models import ApiToken, Department, User
from helpdesk.accounts.rules import EMAIL_LIMIT, NAME_LIMIT, NewUser, Role
from helpdesk.hooks.specs import Viewer
from helpdesk.web.api import Answer, Body, Page

Id = Annotated[int, Field(ge=1, le=2**31 - 1, strict=True)]
Name = Annotated[str, Field(min_length=1, max_length=NAME_LIMIT)]
Email = Annotated[str, Field(min_length=3, max_length=EMAIL_LIMIT)]


class DepartmentRef(Answer):
    id: int
    name: str


class MeOut(Answer):
    id: int
    name: str
    email: str | None
    role: Role
    department: DepartmentRef | None
    locale: str
    time_zone: str
    scopes: list[str] = Field(description="What this token may do; all that the role allows for a session.")


class TokenOut(Answer):
    id: int
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


class TokenList(Page[TokenOut]):
    """The API tokens that work now."""


class UserOut(Answer):
    id: int
    revision: int
    name: str
    email: str | None
    role: Role
    department: DepartmentRef | None
    team_id: int | None
    locale: str | None
    time_zone: str | None
    is_disabled: bool


class UserPage(Page[UserOut]):
    """People by name."""


class UserIn(Body):
    name: Name
    email: Email | None = None
    role: Role = Role.requester
    department_id: Id | None = None
    team_id: Id | None = None
    locale: Annotated[str, Field(max_length=10)] | None = None
    time_zone: Annotated[str, Field(max_length=64)] | None = None
    invite: bool = Field(False, strict=True, description="Mail the person a link to set a password.")

    def as_new(self) -> NewUser:
        return NewUser(**self.model_dump(exclude={"invite"}))


class UserPatch(Body):
    """Only the fields that are sent are changed."""

    name: Name = ""
    email: Email | None = None
    role: Role = Role.requester
    department_id: Id | None = None
    team_id: Id | None = None
    locale: Annotated[str, Field(max_length=10)] | None = None
    time_zone: Annotated[str, Field(max_length=64)] | None = None
    is_disabled: bool = Field(False, strict=True)


class DepartmentOut(Answer):
    id: int
    revision: int
    name: str
    parent_id: int | None


class DepartmentPage(Page[DepartmentOut]):
    """Departments by id."""


class DepartmentIn(Body):
    name: Name
    parent_id: Id | None = None


class DepartmentPatch(Body):
    """Only the fields that are sent are changed."""

    name: Name = ""
    parent_id: Id | None = None


def ref_of(department: Department | None) -> dict[str, Any] | None:
    return None if department is None else {"id": department.id, "name": department.name}


def me_out(viewer: Viewer, department: Department | None, scopes: list[str]) -> dict[str, Any]:
    return {
        "id": viewer.id,
        "name": viewer.name,
        "email": viewer.email,
        "role": viewer.role,
        "department": ref_of(department),
        "locale": viewer.locale,
        "time_zone": viewer.time_zone,
        "scopes": scopes,
    }


def user_out(user: User) -> dict[str, Any]:
    names = ("id", "revision", "name", "email", "role", "team_id", "locale", "time_zone")
    values = {name: getattr(user, name) for name in names}
    return values | {"department": ref_of(user.department), "is_disabled": user.disabled_at is not None}


def department_out(row: Department) -> dict[str, Any]:
    return {"id": row.id, "revision": row.revision, "name": row.name, "parent_id": row.parent_id}


def token_out(row: ApiToken) -> dict[str, Any]:
    names = ("id", "name", "scopes", "created_at", "expires_at", "used_at")
    return {name: getattr(row, name) for name in names}
