"""How the response reads in the timeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _

from plugins.outage_notice.response.rules import CallRole, Duty, PromiseKind, TellStep
from plugins.outage_notice.response.wording import DUTY_NAMES, PROMISE_NAMES, ROLE_NAMES, STEP_NAMES

Words = tuple[str, str, Callable[[dict[str, Any]], str]]


def _named(names: Mapping[Any, Any], enum: Any, value: object) -> str:
    return str(names[enum(value)]) if value in tuple(enum) else ""


def _called(_data: dict[str, Any]) -> str:
    return str(_("Called"))


def _answered(data: dict[str, Any]) -> str:
    return str(_("Has it (%(role)s)", role=_named(ROLE_NAMES, CallRole, data.get("role"))))


def _duty(data: dict[str, Any]) -> str:
    return str(_("Who does what: %(duty)s", duty=_named(DUTY_NAMES, Duty, data.get("duty"))))


def _briefed(_data: dict[str, Any]) -> str:
    return str(_("Briefing shown to agents"))


def _written(_data: dict[str, Any]) -> str:
    return str(_("Briefing written"))


def _reminded(data: dict[str, Any]) -> str:
    return str(_("Reminded: %(what)s", what=_named(PROMISE_NAMES, PromiseKind, data.get("promise"))))


def _escalated(data: dict[str, Any]) -> str:
    text: str = _(
        "Late, told %(who)s: %(what)s",
        who=_named(STEP_NAMES, TellStep, data.get("step")),
        what=_named(PROMISE_NAMES, PromiseKind, data.get("promise")),
    )
    return text


def _ticked(data: dict[str, Any]) -> str:
    return str(_("Ticked off") if data.get("is_done") else _("Took the tick back"))


TIMELINE_WORDS: Mapping[str, Words] = {
    "called": ("phone", "note", _called),
    "call_answered": ("check", "ok", _answered),
    "duty_taken": ("user", "note", _duty),
    "briefed": ("lock", "note", _briefed),
    "briefing_written": ("lock", "note", _written),
    "ticked": ("check", "note", _ticked),
    "reminded": ("clock", "", _reminded),
    "escalated": ("clock", "l1", _escalated),
}
