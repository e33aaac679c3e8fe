"""Roles, scopes and limits of accounts, and the decisions about them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from helpdesk.core.events import Event


class Role(StrEnum):
    requester = "requester"
    agent = "agent"
    technician = "technician"
    administrator = "administrator"

    @property
    def rank(self) -> int:
        return list(Role).index(self)

    def includes(self, other: Role) -> bool:
        """Whether this role may do all that `other` may: each role includes the ones before it."""
        return self.rank >= other.rank


STAFF = (Role.agent, Role.technician, Role.administrator)


@dataclass(frozen=True, slots=True)
class UserChanged(Event):
    """Role, department, name, address or being disabled changed. `what` names the changed fields."""

    user_id: int
    what: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SessionsEnded(Event):
    """Sessions of this person were ended (sign-out, new password, disabled)."""

    user_id: int


@dataclass(frozen=True, slots=True)
class DepartmentsChanged(Event):
    """The department tree changed: audiences of whole branches may be different now."""

    department_ids: tuple[int, ...]
