"""What this room offers to the plugin: the door for alerts, their pages, and their place on announcements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask_babel import gettext as _

from helpdesk.plugin_api import Job, MenuLink, Viewer
from plugins.outage_notice.announcements.views.blueprint import offer_room_part
from plugins.outage_notice.announcements.views.room_facts import offer_timeline_words
from plugins.outage_notice.intake.actions import forget_old
from plugins.outage_notice.intake.api import api
from plugins.outage_notice.intake.handlers import HANDLERS
from plugins.outage_notice.intake.queries import count_waiting_drafts
from plugins.outage_notice.intake.views import alerts_part, bp, draft_part, proposal_part
from plugins.outage_notice.intake.views.words import TIMELINE_WORDS

__all__ = ["BLUEPRINTS", "HANDLERS", "JOBS", "menu_links", "wire"]

BLUEPRINTS = (bp, api)
JOBS = (Job("outage_notice.alerts", forget_old, every_seconds=3600),)


def menu_links(viewer: Viewer, _now: datetime) -> Sequence[MenuLink]:
    """The page of alerts, with the number of drafts that they opened and that wait for a person."""
    if not viewer.may_announce:
        return ()
    return (MenuLink("alerts", str(_("Alerts")), "/announcements/alerts", "pulse", count_waiting_drafts() or None),)


def wire() -> None:
    """Put proposals and alerts onto the page of an announcement, and their words into its timeline."""
    offer_room_part(proposal_part, "top")
    offer_room_part(alerts_part, "aside")
    offer_room_part(draft_part, "draft")
    offer_timeline_words(TIMELINE_WORDS)
