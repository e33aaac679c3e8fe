"""`/api/v1/announcements/{id}/response`: promises, calls, duties and the briefing; and "I have it" for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apiflask import APIBlueprint

from helpdesk.plugin_api import Answer, Body, allow, get_viewer, idempotent
from plugins.outage_notice.announcements.api.blueprint import READ
from plugins.outage_notice.announcements.queries import get_announcement
from plugins.outage_notice.response import actions, queries
from plugins.outage_notice.response.rules import CallRole, Duty, PromiseKind

api = APIBlueprint("outage_notice_response_api", __name__, url_prefix="/api/v1/announcements", tag="Announcements")


class PromiseOut(Answer):
    """`kept_at` null: open, or never kept."""

    kind: PromiseKind
    due_at: datetime
    kept_at: datetime | None


class CallOut(Answer):
    user_id: int
    name: str
    role: CallRole
    task: str
    called_at: datetime
    answered_at: datetime | None


class DutyOut(Answer):
    duty: Duty
    user_id: int
    name: str
    since_at: datetime


class BriefingOut(Answer):
    callers_say: str
    answer: str
    do_not_promise: str
    expected_volume: str
    sent_at: datetime | None


class ResponseOut(Answer):
    promises: list[PromiseOut]
    calls: list[CallOut]
    duties: list[DutyOut]
    briefing: BriefingOut | None


class NothingIn(Body):
    """An empty object."""


def _shown(announcement_id: int) -> dict[str, Any]:
    viewer = get_viewer()
    record = get_announcement(viewer, announcement_id)
    find = queries.find_briefing if viewer.may_announce else queries.find_shown_briefing
    return {
        "promises": queries.promises_kept(record.id),
        "calls": [
            {name: getattr(one.call, name) for name in CallOut.model_fields if name != "name"} | {"name": one.name}
            for one in queries.calls_of(record.id)
        ],
        "duties": list(queries.duties_of(record.id).values()),
        "briefing": find(record.id),
    }


@api.get("/<int:announcement_id>/response")
@allow("agent", scope=READ)
@api.output(ResponseOut)
def show(announcement_id: int) -> Any:
    """What was promised and kept, who was called and has it, who does what, and what agents are told."""
    return _shown(announcement_id)


@api.post("/<int:announcement_id>/response/answer")
@allow("agent", scope="tickets:write")
@idempotent
@api.input(NothingIn, arg_name="body")
@api.output(ResponseOut)
def answer(announcement_id: int, body: NothingIn) -> Any:  # noqa: ARG001  (an empty object)
    """ "I have it": answer the call of the person whose token this is."""
    actions.answer_call(get_viewer(), announcement_id)
    return _shown(announcement_id)
