"""Pages for those who announce: the list, the composer and the page of each announcement."""

from __future__ import annotations

from plugins.outage_notice.announcements.views import composer, ending, lists, preview, room, trying  # they add routes
from plugins.outage_notice.announcements.views.blueprint import bp

__all__ = ["bp", "composer", "ending", "lists", "preview", "room", "trying"]
