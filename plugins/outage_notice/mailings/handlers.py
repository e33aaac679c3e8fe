"""What starts a mailing. Every handler may be called again for the same event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from helpdesk.plugin_api import Event
from plugins.outage_notice.announcements.rules import (
    AnnouncementEnded,
    AnnouncementReopened,
    AnnouncementUpdated,
    StepFired,
    StepKind,
    Weight,
)
from plugins.outage_notice.mailings import actions
from plugins.outage_notice.mailings.rules import wants_correction


def mail(event: StepFired, _event_id: str) -> None:
    """An entry of the notice plan speaks, or it is over by itself."""
    if event.kind == StepKind.mail:
        actions.start_planned(event.announcement_id, event.step_id)
    else:
        actions.follow_if_over(event.announcement_id)


def follow(event: AnnouncementEnded, _event_id: str) -> None:
    """What was called off is told at once; what is over, when it cannot be undone any more."""
    actions.follow_if_over(event.announcement_id)


def correct(event: AnnouncementUpdated, _event_id: str) -> None:
    """Another time holds than people were mailed."""
    if wants_correction(Weight(event.weight), event.what, event.also or ()):
        actions.start_correction(event.announcement_id, event.revision)


def say_it_is_back(event: AnnouncementReopened, _event_id: str) -> None:
    actions.start_again(event.announcement_id, event.revision)


HANDLERS: dict[type[Event], tuple[Callable[[Any, str], None], ...]] = {
    StepFired: (mail,),
    AnnouncementEnded: (follow,),
    AnnouncementUpdated: (correct,),
    AnnouncementReopened: (say_it_is_back,),
}
