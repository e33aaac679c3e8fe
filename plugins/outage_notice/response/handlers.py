"""What happens when an outage is published or comes back. Every handler may be called again for the same event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from helpdesk.plugin_api import Event
from plugins.outage_notice.announcements.rules import (
    AnnouncementPublished,
    AnnouncementReopened,
    AnnouncementUpdated,
)
from plugins.outage_notice.response.actions import begin_response


def begin(event: AnnouncementPublished, _event_id: str) -> None:
    """Call people, and brief agents."""
    begin_response(event.announcement_id, "published")


def begin_again(event: AnnouncementReopened, _event_id: str) -> None:
    """It is back: call them once more."""
    begin_response(event.announcement_id, f"reopened-{event.revision}", is_back=True)


def call_when_raised(event: AnnouncementUpdated, _event_id: str) -> None:
    """It is more serious than it seemed: of what called nobody yet, people are called now."""
    if "severity" in event.what:
        begin_response(event.announcement_id, f"raised-{event.revision}", only_if_uncalled=True)


HANDLERS: dict[type[Event], tuple[Callable[[Any, str], None], ...]] = {
    AnnouncementPublished: (begin,),
    AnnouncementReopened: (begin_again,),
    AnnouncementUpdated: (call_when_raised,),
}
