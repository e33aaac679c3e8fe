"""What playbooks offer to the plugin: pages, API, the reminder of reviews, the menu, their words in the room."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask_babel import gettext as _

from helpdesk.plugin_api import MenuLink, Viewer
from plugins.outage_notice.announcements.views.blueprint import offer_room_part
from plugins.outage_notice.playbooks.api import api
from plugins.outage_notice.playbooks.demo import load as load_demo
from plugins.outage_notice.playbooks.jobs import JOBS
from plugins.outage_notice.playbooks.queries import count_due_reviews
from plugins.outage_notice.playbooks.views import bp, room_part

__all__ = ["BLUEPRINTS", "JOBS", "load_demo", "menu_links", "wire"]

BLUEPRINTS = (bp, api)


def wire() -> None:
    """Put the words for the last message onto the page of an announcement."""
    offer_room_part(room_part, "aside")


def menu_links(viewer: Viewer, now: datetime) -> Sequence[MenuLink]:
    """The playbooks, with the number of those that wait for this person's review."""
    if not viewer.may_announce:
        return ()
    return (MenuLink("playbooks", str(_("Playbooks")), "/playbooks", "book", count_due_reviews(viewer, now) or None),)
