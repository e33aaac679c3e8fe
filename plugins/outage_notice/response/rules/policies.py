"""Which targets held when: policies change, and what was promised is judged by those of its time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from plugins.outage_notice.response.rules.promises import Targets

Policies = Mapping[tuple[int | None, int], Targets]  # by department (None: for all) and level


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """`former`: what held until then; None where nothing was agreed."""

    at: datetime
    department_id: int | None
    severity: int
    former: Targets | None


def policies_at(present: Policies, changes: Sequence[PolicyChange], moment: datetime) -> Policies:
    """The policies that held at the moment: `changes`, in order, that came after it did not happen."""
    held = dict(present)
    for change in reversed(changes):
        if change.at <= moment:
            break
        key = change.department_id, change.severity
        if change.former is None:
            held.pop(key, None)
        else:
            held[key] = change.former
    return held
