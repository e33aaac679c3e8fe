"""What tickets and announcements do to each other. Every handler may be called again for the same event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from helpdesk.plugin_api import Event, TicketOpened
from plugins.outage_notice.announcements.rules import (
    AnnouncementEnded,
    AnnouncementReopened,
    AnnouncementUpdated,
    FoundAffected,
    StepFired,
)
from plugins.outage_notice.outages import actions


def link_ticket(event: TicketOpened, _event_id: str) -> None:
    """Link a new ticket to the outage that it belongs to, or suggest one."""
    actions.link_new_ticket(event.ticket_id, event.declined)


def close(event: AnnouncementEnded | StepFired, _event_id: str) -> None:
    """Tell everybody who waits that it is over, if it is."""
    actions.close_if_over(event.announcement_id)


def open_again(event: AnnouncementReopened, _event_id: str) -> None:
    """Those who waited wait again."""
    actions.open_again(event.announcement_id)


def keep_to_audience(event: AnnouncementUpdated, _event_id: str) -> None:
    """Nothing stays linked to an outage that does not concern its requester any more."""
    if "audience" in event.what:
        actions.drop_unconcerned(event.announcement_id)


def follow(event: FoundAffected, _event_id: str) -> None:
    """Who is affected too is told when it is over."""
    actions.follow_affected(event.announcement_id, event.user_id)


HANDLERS: dict[type[Event], tuple[Callable[[Any, str], None], ...]] = {
    TicketOpened: (link_ticket,),
    AnnouncementEnded: (close,),
    StepFired: (close,),
    AnnouncementReopened: (open_again,),
    AnnouncementUpdated: (keep_to_audience,),
    FoundAffected: (follow,),
}
