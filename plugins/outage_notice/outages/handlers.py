"""What tickets and announcements do to each other. Every handler may be called again for the same event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from helpdesk.plugin_api import (
    AutomatedReplyAdded,
    DepartmentsChanged,
    Event,
    ServiceChanged,
    TicketOpened,
    UserChanged,
)
from plugins.outage_notice.announcements.rules import (
    ANSWER_TICKETS,
    CORRECT_ETA,
    AnnouncementEnded,
    AnnouncementPublished,
    AnnouncementReopened,
    AnnouncementUpdated,
    FoundAffected,
    StepFired,
)
from plugins.outage_notice.outages import actions
from plugins.outage_notice.outages.actions import surges
from plugins.outage_notice.outages.actions.linking import link_of_surge
from plugins.outage_notice.outages.queries.concern import waited_for


def link_ticket(event: TicketOpened, _event_id: str) -> None:
    """Link a new ticket to the outage that it belongs to, or suggest one."""
    actions.link_new_ticket(event.ticket_id, event.declined)


def watch_for_surges(event: TicketOpened, _event_id: str) -> None:
    """Count a new ticket: it may be one too many for an ordinary day."""
    surges.notice_ticket(event.ticket_id)


def link_surge(event: AnnouncementPublished | AnnouncementUpdated | StepFired, _event_id: str) -> None:
    """The tickets of the surge that was declared wait for the outage from the moment on at which it is on, and are
    answered if whoever published it wanted that.
    """
    found = surges.settle_declared(event.announcement_id)
    for ticket_id in found.ticket_ids:
        link_of_surge(event.announcement_id, ticket_id)
    if found.ticket_ids:
        if found.answers:
            actions.answer_surge(event.announcement_id, found.ticket_ids)
        surges.note_linked(event.announcement_id)


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


# What decides in whose audience somebody is.
BELONGING = {"department_id", "role", "disabled"}


def keep_to_person(event: UserChanged, _event_id: str) -> None:
    """Who moved keeps the ticket, not the outage of others."""
    if BELONGING & set(event.what):
        for announcement_id in waited_for(event.user_id):
            actions.drop_unconcerned(announcement_id, event.user_id)


def keep_to_people(_event: DepartmentsChanged | ServiceChanged, _event_id: str) -> None:
    """Branches that moved, or services that others use now, change who is in an audience."""
    for announcement_id in waited_for():
        actions.drop_unconcerned(announcement_id)


def say_more(event: AnnouncementUpdated, _event_id: str) -> None:
    """What the author of an update wanted besides: all who wait are answered, or an estimate is corrected."""
    if CORRECT_ETA in (event.also or ()):
        actions.start_correction(event.announcement_id, f"eta-{event.announcement_id}-{event.revision}")
    if ANSWER_TICKETS in (event.also or ()) and event.update_id is not None:
        actions.answer_with_update(event.announcement_id, event.update_id)


def note_told(event: AutomatedReplyAdded, _event_id: str) -> None:
    """Remember which estimate the reply told."""
    actions.note_told(event.message_id)


def follow(event: FoundAffected, _event_id: str) -> None:
    """Who is affected too is told when it is over."""
    actions.follow_affected(event.announcement_id, event.user_id)


HANDLERS: dict[type[Event], tuple[Callable[[Any, str], None], ...]] = {
    TicketOpened: (link_ticket, watch_for_surges),
    AnnouncementPublished: (link_surge,),
    AnnouncementEnded: (close,),
    StepFired: (link_surge, close),
    AnnouncementReopened: (open_again,),
    AnnouncementUpdated: (link_surge, keep_to_audience, say_more),
    AutomatedReplyAdded: (note_told,),
    FoundAffected: (follow,),
    UserChanged: (keep_to_person,),
    DepartmentsChanged: (keep_to_people,),
    ServiceChanged: (keep_to_people,),
}
