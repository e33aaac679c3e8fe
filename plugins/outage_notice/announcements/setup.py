"""What announcements offer to the plugin: pages, steps, handlers, the command, the menu."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask_babel import gettext as _

from helpdesk.plugin_api import MenuLink, Viewer
from plugins.outage_notice.announcements.api import api
from plugins.outage_notice.announcements.demo import load as load_demo
from plugins.outage_notice.announcements.handlers import HANDLERS
from plugins.outage_notice.announcements.jobs import JOBS
from plugins.outage_notice.announcements.queries.counts import count_active
from plugins.outage_notice.announcements.views import bp

__all__ = ["BLUEPRINTS", "HANDLERS", "JOBS", "load_demo", "menu_links"]

BLUEPRINTS = (bp, api)


def menu_links(viewer: Viewer, now: datetime) -> Sequence[MenuLink]:
    if not viewer.is_staff:
        return ()
    return (MenuLink("announcements", str(_("Announcements")), "/announcements", "megaphone", count_active(now)),)
