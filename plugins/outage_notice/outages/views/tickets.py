"""All tickets of one outage: those that need a person, those that wait, and those that might belong to it."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from helpdesk.plugin_api import allow, get_viewer, now
from plugins.outage_notice.announcements.queries import get_announcement
from plugins.outage_notice.announcements.rules import phase
from plugins.outage_notice.outages import rules
from plugins.outage_notice.outages.queries.broadcasts import audience_of_reply, list_broadcasts
from plugins.outage_notice.outages.queries.links import candidates, counts_of, linked_tickets
from plugins.outage_notice.outages.views.blueprint import bp

PAGE = 50


@bp.get("/announcements/<int:announcement_id>/tickets")
@allow("agent")
def list_tickets(announcement_id: int) -> ResponseReturnValue:
    moment = now()
    record = get_announcement(get_viewer(), announcement_id)
    may_hold = rules.may_hold_tickets(record.kind, record.is_drill, phase(record, moment))
    waiting = linked_tickets(record.id, needing=False, after=_after(), limit=PAGE + 1)
    return render_template(
        "outage_notice/outages_tickets.html",
        a=record,
        counts=counts_of([record.id])[record.id],
        audience=audience_of_reply(record.id),
        needing=linked_tickets(record.id, needing=True, limit=PAGE),
        waiting=waiting[:PAGE],
        next_id=waiting[PAGE - 1].link_id if len(waiting) > PAGE else None,
        suggested=linked_tickets(record.id, suggested=True, limit=PAGE),
        candidates=candidates(record.id, moment, PAGE) if may_hold else [],
        broadcasts=list_broadcasts(record.id),
        may_hold=may_hold,
    )


def _after() -> int | None:
    text = request.args.get("after", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
