"""What alerts put onto the page of an announcement: the proposal to resolve, and how each alert is."""

from __future__ import annotations

from datetime import datetime

from flask import render_template

from helpdesk.plugin_api import Viewer
from plugins.outage_notice.announcements.queries import get_announcement
from plugins.outage_notice.announcements.rules import Kind, Phase, phase
from plugins.outage_notice.intake.queries import alerts_of, origins_of
from plugins.outage_notice.intake.views.blueprint import STATUS_WORDS


def proposal_part(announcement_id: int, viewer: Viewer, now: datetime) -> str:
    """ "Monitoring says that it works again": a person decides. "" while an alert fires, and for what is over."""
    record = get_announcement(viewer, announcement_id)
    if phase(record, now) is not Phase.active or record.kind is not Kind.incident:
        return ""
    found = alerts_of(record.id, now)
    if found.over_at is None and not found.is_flapping:
        return ""
    return render_template(
        "outage_notice/alert_proposal.html",
        a=record,
        found=found,
        may_resolve=viewer.may_announce,
    )


def alerts_part(announcement_id: int, viewer: Viewer, now: datetime) -> str:
    """How each alert is, in the side column; "" without any."""
    record = get_announcement(viewer, announcement_id)
    found = alerts_of(record.id, now)
    if not found.alerts:
        return ""
    return render_template("outage_notice/alert_list.html", found=found, alert_status_words=STATUS_WORDS)


def draft_part(announcement_id: int, viewer: Viewer, now: datetime) -> str:
    """Which alerts a draft comes from, as far as monitoring told; "" for drafts that people began."""
    record = get_announcement(viewer, announcement_id)
    origins = origins_of(record.id, now)
    if not origins:
        return ""
    return render_template("outage_notice/alert_origins.html", origins=origins, alert_status_words=STATUS_WORDS)
