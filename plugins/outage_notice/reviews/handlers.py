"""What reviews do when something ends. Every handler may be called again for the same event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from helpdesk.plugin_api import Event
from plugins.outage_notice.announcements.rules import AnnouncementEnded, StepFired
from plugins.outage_notice.reviews.actions import keep_reach


def keep(event: AnnouncementEnded | StepFired, _event_id: str) -> None:
    """Write down how far it reached, if it is over."""
    keep_reach(event.announcement_id)


HANDLERS: dict[type[Event], tuple[Callable[[Any, str], None], ...]] = {
    AnnouncementEnded: (keep,),
    StepFired: (keep,),
}
