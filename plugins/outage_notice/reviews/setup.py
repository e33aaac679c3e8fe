"""What reviews offer to the plugin: pages, the API, reminders, menu entries, and their part of other pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from helpdesk.plugin_api import MenuLink, Viewer
from plugins.outage_notice.announcements.views.blueprint import offer_notice_part, offer_room_part
from plugins.outage_notice.announcements.views.room_facts import offer_timeline_words
from plugins.outage_notice.announcements.views.rows import offer_row_notes
from plugins.outage_notice.reviews.api import api
from plugins.outage_notice.reviews.demo import load as load_demo
from plugins.outage_notice.reviews.handlers import HANDLERS
from plugins.outage_notice.reviews.jobs import JOBS
from plugins.outage_notice.reviews.views import bp
from plugins.outage_notice.reviews.views.answering import notice_part
from plugins.outage_notice.reviews.views.listing import due_bar, review_notes, room_part
from plugins.outage_notice.reviews.views.timeline_words import WORDS

__all__ = ["BLUEPRINTS", "HANDLERS", "JOBS", "load_demo", "menu_links", "page_slot", "wire"]

BLUEPRINTS = (bp, api)


def wire() -> None:
    """Put the review onto the page of an announcement, and the question about our messages under a notice."""
    offer_room_part(room_part, "aside")
    offer_notice_part(notice_part)
    offer_timeline_words(WORDS)
    offer_row_notes(review_notes)


def menu_links(viewer: Viewer, _now: datetime) -> Sequence[MenuLink]:
    if not viewer.is_staff:
        return ()
    return (
        MenuLink("reviews", str(_("Reviews")), "/reviews", "file"),
        MenuLink("reports", str(_("Reports")), "/reports", "chart"),
    )


def page_slot(slot: str, viewer: Viewer | None, _context: Mapping[str, Any], now: datetime) -> str:
    return due_bar(viewer, now) if slot == "top" and viewer is not None and viewer.is_staff else ""
