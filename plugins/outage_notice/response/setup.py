"""What the response offers to the plugin: pages, what calls people, what pursues promises, parts of other pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask_babel import gettext as _

from helpdesk.plugin_api import MenuLink, Viewer
from plugins.outage_notice.announcements.views.blueprint import offer_room_part
from plugins.outage_notice.announcements.views.room_facts import offer_timeline_words
from plugins.outage_notice.response.api import api
from plugins.outage_notice.response.demo import load as load_demo
from plugins.outage_notice.response.handlers import HANDLERS
from plugins.outage_notice.response.jobs import JOBS
from plugins.outage_notice.response.views import aside_part, bp, page_slot, top_part
from plugins.outage_notice.response.views.timeline import TIMELINE_WORDS

__all__ = ["BLUEPRINTS", "HANDLERS", "JOBS", "load_demo", "menu_links", "page_slot", "wire"]

BLUEPRINTS = (bp, api)


def wire() -> None:
    """Put the briefing, the promises and the people onto the page of an announcement."""
    offer_room_part(top_part, "top")
    offer_room_part(aside_part, "aside")
    offer_timeline_words(TIMELINE_WORDS)


def menu_links(viewer: Viewer, _now: datetime) -> Sequence[MenuLink]:
    """The targets, under Administration."""
    if not viewer.is_administrator:
        return ()
    return (MenuLink("promises", str(_("Promises")), "/admin/promises", "clock", section="admin"),)
