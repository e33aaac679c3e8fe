"""What the response offers to the plugin: pages, what calls people, what pursues promises, parts of other pages."""

from __future__ import annotations

from plugins.outage_notice.announcements.views.blueprint import offer_room_part
from plugins.outage_notice.response.handlers import HANDLERS
from plugins.outage_notice.response.jobs import JOBS
from plugins.outage_notice.response.views import aside_part, bp, page_slot, top_part

__all__ = ["BLUEPRINTS", "HANDLERS", "JOBS", "page_slot", "wire"]

BLUEPRINTS = (bp,)


def wire() -> None:
    """Put the briefing, the promises and the people onto the page of an announcement."""
    offer_room_part(top_part, "top")
    offer_room_part(aside_part, "aside")
