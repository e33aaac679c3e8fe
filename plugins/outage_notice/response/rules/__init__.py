"""Roles, duties, targets and promises, decided without a database."""

from __future__ import annotations

from plugins.outage_notice.response.rules.calling import (
    Callee,
    CallRole,
    Duty,
    duty_of_role,
    merge_callees,
    read_callees,
)
from plugins.outage_notice.response.rules.courses import LevelTargets, promises_of_course
from plugins.outage_notice.response.rules.promises import (
    DEFAULT_TARGETS,
    ESCALATE_MINUTES,
    MINUTES_LIMIT,
    Course,
    Estimate,
    Message,
    Move,
    Promise,
    PromiseKind,
    Targets,
    Tell,
    TellStep,
    duty_of_promise,
    open_promises,
    strictest,
    tells_due,
)

__all__ = [
    "DEFAULT_TARGETS",
    "ESCALATE_MINUTES",
    "MINUTES_LIMIT",
    "CallRole",
    "Callee",
    "Course",
    "Duty",
    "Estimate",
    "LevelTargets",
    "Message",
    "Move",
    "Promise",
    "PromiseKind",
    "Targets",
    "Tell",
    "TellStep",
    "duty_of_promise",
    "duty_of_role",
    "merge_callees",
    "open_promises",
    "promises_of_course",
    "read_callees",
    "strictest",
    "tells_due",
]
