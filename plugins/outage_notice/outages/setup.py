"""What outages offer to the plugin: pages of tickets, jobs, handlers, what stands in the slots of ticket pages."""

from __future__ import annotations

from plugins.outage_notice.announcements.views.blueprint import offer_room_part
from plugins.outage_notice.outages.api import api
from plugins.outage_notice.outages.demo import load as load_demo
from plugins.outage_notice.outages.handlers import HANDLERS
from plugins.outage_notice.outages.jobs import JOBS
from plugins.outage_notice.outages.views import bp, page_slot, room_part

__all__ = ["BLUEPRINTS", "HANDLERS", "JOBS", "load_demo", "page_slot", "wire"]

BLUEPRINTS = (bp, api)


def wire() -> None:
    """Put the tickets onto the page of an announcement."""
    offer_room_part(room_part)
