"""What banners offer to the plugin: pages, receipts, the bell, what stands in the slots of every page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from helpdesk.plugin_api import MenuLink, Viewer
from plugins.outage_notice.announcements.queries.figures import offer_reach
from plugins.outage_notice.announcements.views.blueprint import offer_ending_facts, offer_room_part
from plugins.outage_notice.banners import views
from plugins.outage_notice.banners.api import me_receipts, reach_api
from plugins.outage_notice.banners.demo import load as load_demo
from plugins.outage_notice.banners.demo import load_past as load_demo_past
from plugins.outage_notice.banners.jobs import JOBS
from plugins.outage_notice.banners.queries.curve import ending_facts
from plugins.outage_notice.banners.queries.figures import reach_figures
from plugins.outage_notice.banners.sockets import VERBS
from plugins.outage_notice.banners.views import chart

__all__ = ["BLUEPRINTS", "JOBS", "VERBS", "load_demo", "load_demo_past", "menu_links", "page_slot", "wire"]

BLUEPRINTS = (views.pages, me_receipts, reach_api)


def menu_links(viewer: Viewer, _now: datetime) -> Sequence[MenuLink]:
    return (MenuLink("notices", str(_("Notices")), "/notices", "bell", views.count_of_board(viewer), "bell"),)


def page_slot(slot: str, viewer: Viewer | None, _context: Mapping[str, Any], now: datetime) -> str:
    return views.page_slot(slot, viewer, now)


def wire() -> None:
    """Put the reach onto the page of an announcement, and say whom its end turns green for."""
    offer_room_part(chart.room_part)
    offer_reach(reach_figures)
    offer_ending_facts(ending_facts)
