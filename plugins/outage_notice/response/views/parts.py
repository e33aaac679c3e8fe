"""Parts of the page of one announcement: the briefing on top; promises, calls and duties in the side column."""

from __future__ import annotations

from datetime import datetime

from flask import render_template

from helpdesk.plugin_api import Viewer
from plugins.outage_notice.announcements import rules as announcing
from plugins.outage_notice.announcements.queries import get_announcement
from plugins.outage_notice.announcements.rules import Kind
from plugins.outage_notice.response import queries
from plugins.outage_notice.response.queries.calls import staff_to_call
from plugins.outage_notice.response.rules import CallRole, Duty, open_promises
from plugins.outage_notice.response.views.blueprint import WORDS


def top_part(announcement_id: int, viewer: Viewer, now: datetime) -> str:
    """The briefing, and what is late."""
    record = get_announcement(viewer, announcement_id)
    is_live = announcing.can_end(record, now)
    late = [p for p in open_promises(queries.promises_kept(record.id)) if p.is_late(now)] if is_live else []
    briefing = queries.find_briefing(record.id) if viewer.may_announce else queries.find_shown_briefing(record.id)
    if not is_live or (not late and briefing is None and not viewer.may_announce):
        return ""
    return render_template(
        "outage_notice/response_room_top.html",
        a=record,
        late=late,
        briefing=briefing,
        may_write=viewer.may_announce and record.kind is not Kind.information,
        now=now,
        **WORDS,
    )


def aside_part(announcement_id: int, viewer: Viewer, now: datetime) -> str:
    """Promises with their times, who does what, who was called and answered when, the checklist of the playbook."""
    record = get_announcement(viewer, announcement_id)
    promises = queries.promises_kept(record.id)
    calls, duties = queries.calls_of(record.id), queries.duties_of(record.id)
    preparation = queries.find_preparation(record.id)
    is_live = announcing.can_end(record, now)
    if not promises and not calls and not duties and record.kind is Kind.information:
        return ""
    return render_template(
        "outage_notice/response_room.html",
        a=record,
        promises=promises,
        calls=calls,
        duties=duties,
        all_duties=list(Duty),
        roles=list(CallRole),
        mine=next((one.call for one in calls if one.call.user_id == viewer.id), None),
        staff=staff_to_call() if is_live else [],
        preparation=preparation,
        is_live=is_live,
        is_incident=record.kind is Kind.incident,
        viewer=viewer,
        now=now,
        **WORDS,
    )
