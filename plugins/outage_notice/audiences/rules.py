"""Targets: who an announcement is for. An empty audience is nobody."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class TargetKind(StrEnum):
    everyone = "everyone"
    department = "department"  # with its descendants
    requester = "requester"
    service_users = "service_users"  # people of the departments that use the service
    role = "role"


@dataclass(frozen=True, slots=True)
class Target:
    """One part of an audience. `id` is the department, person or service; for a role it is the role's name."""

    kind: TargetKind
    id: str | None = None
