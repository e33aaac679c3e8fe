"""Who is called for an outage, and who does what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal


class CallRole(StrEnum):
    """What somebody is called for."""

    technical = "technical"
    support = "support"
    communication = "communication"


class Duty(StrEnum):
    """Who does what while it lasts."""

    lead = "lead"
    writer = "writer"
    tickets = "tickets"


_DUTIES = {CallRole.technical: Duty.lead, CallRole.communication: Duty.writer, CallRole.support: Duty.tickets}


def duty_of_role(role: CallRole) -> Duty:
    """The duty that the first one who says "I have it" takes, if nobody has it."""
    return _DUTIES[role]


@dataclass(frozen=True, slots=True)
class Callee:
    """A person or a team to call, and what they do first."""

    role: CallRole
    kind: Literal["person", "team"]
    id: int
    task: str = ""

    def to_json(self) -> dict[str, Any]:
        return {"role": self.role.value, "kind": self.kind, "id": self.id, "task": self.task}


def read_callees(rows: Iterable[Mapping[str, Any]]) -> tuple[Callee, ...]:
    """Callees as they were written by `to_json`."""
    return tuple(
        Callee(CallRole(row["role"]), "team" if row["kind"] == "team" else "person", int(row["id"]), str(row["task"]))
        for row in rows
    )


def merge_callees(found: Iterable[tuple[int, CallRole, str]]) -> dict[int, tuple[CallRole, str]]:
    """One call for each person: the first role counts, and all that they should do stands in it, one a line."""
    merged: dict[int, tuple[CallRole, list[str]]] = {}
    for user_id, role, task in found:
        _role, tasks = merged.setdefault(user_id, (role, []))
        if task and task not in tasks:
            tasks.append(task)
    return {user_id: (role, "\n".join(tasks)) for user_id, (role, tasks) in merged.items()}
