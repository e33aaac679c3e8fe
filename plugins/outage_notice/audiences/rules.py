"""Targets: who an announcement is for. An empty audience is nobody."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

ROLE_NAMES = ("requester", "agent", "technician", "administrator")
TARGETS_LIMIT = 500
SMALLEST_GROUP = 5  # figures about fewer people would say who did or thought what


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


@dataclass(frozen=True, slots=True)
class ViewerFacts:
    """What decides whether a person is in an audience, read now. `service_ids`: services that the departments of
    the path use.
    """

    id: int
    role: str
    department_path: tuple[int, ...]
    service_ids: frozenset[int] = frozenset()
    is_disabled: bool = False


@dataclass(frozen=True, slots=True)
class Reach:
    """What a publisher may address. `root_id` None: everybody; else the branch below that top-level department."""

    root_id: int | None = None
    department_ids: frozenset[int] = frozenset()

    @property
    def is_limited(self) -> bool:
        return self.root_id is not None


def is_well_formed(target: Target) -> bool:
    """Whether the target can name anything: an id where one is needed, a known role, nothing beside "everyone"."""
    if target.kind is TargetKind.everyone:
        return not target.id
    if target.kind is TargetKind.role:
        return target.id in ROLE_NAMES
    return target.id is not None and target.id.isascii() and target.id.isdecimal() and len(target.id) <= 18


def matches(targets: Iterable[Target], facts: ViewerFacts) -> bool:
    """Whether the person is in the audience: the union of its targets. No targets: nobody. Disabled people: never."""
    return not facts.is_disabled and any(_matches_one(target, facts) for target in targets)


def _matches_one(target: Target, facts: ViewerFacts) -> bool:
    if not is_well_formed(target):
        return False
    match target.kind:
        case TargetKind.everyone:
            return True
        case TargetKind.role:
            return target.id == facts.role
        case TargetKind.department:
            return int(target.id or 0) in facts.department_path
        case TargetKind.requester:
            return int(target.id or 0) == facts.id
        case TargetKind.service_users:
            return int(target.id or 0) in facts.service_ids


def ids_of(targets: Iterable[Target], kind: TargetKind) -> list[int]:
    """The numeric ids of the well-formed targets of one kind, without doubles, in order."""
    return list(dict.fromkeys(int(t.id or 0) for t in targets if t.kind is kind and is_well_formed(t)))


def beyond_reach(
    targets: Iterable[Target],
    reach: Reach,
    *,
    people_departments: dict[int, int | None],
    service_departments: dict[int, Collection[int]],
) -> list[Target]:
    """The targets that a limited technician may not address.

    A technician addresses the branch of their own top-level department: its departments, its people, and services
    used nowhere else. Administrators, technicians without a department, technicians directly in a top-level
    department (the central desk), and everybody where there is only one top-level department, address all.
    `people_departments` and `service_departments` are the departments of the named people and services.
    """
    if not reach.is_limited:
        return []
    inside = reach.department_ids
    beyond = []
    for target in targets:
        match target.kind:
            case TargetKind.department:
                allowed = is_well_formed(target) and int(target.id or 0) in inside
            case TargetKind.requester:
                allowed = is_well_formed(target) and people_departments.get(int(target.id or 0)) in inside
            case TargetKind.service_users:
                used_by = service_departments.get(int(target.id or 0), ()) if is_well_formed(target) else ()
                allowed = bool(used_by) and inside.issuperset(used_by)
            case _:
                allowed = False
        if not allowed:
            beyond.append(target)
    return beyond
