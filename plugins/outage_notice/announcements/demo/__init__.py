"""Announcements of the demonstration organisation."""

from __future__ import annotations

from datetime import datetime

from plugins.outage_notice.announcements.demo.stories import stories
from plugins.outage_notice.announcements.demo.writing import DAY, MINUTE, Said, Story, write_stories

__all__ = ["DAY", "MINUTE", "Said", "Story", "load", "write_stories"]


def load(now: datetime) -> None:
    """Write the stories of the demonstration."""
    write_stories(stories(now), now)
