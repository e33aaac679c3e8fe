"""Publishing by itself, where a rule says so. May be called again for the same event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from helpdesk.plugin_api import Conflict, Event, HelpdeskError
from plugins.outage_notice.announcements.actions import publish
from plugins.outage_notice.intake import actions
from plugins.outage_notice.intake.rules import AlertDraftOpened


def publish_by_rule(event: AlertDraftOpened, _event_id: str) -> None:
    """Publish in the name of whoever allowed it; what the check stops stays a draft, and its timeline says why."""
    person = actions.may_publish(event)
    try:
        if person is not None:
            publish(person, event.announcement_id)
    except Conflict:
        pass  # somebody was faster
    except HelpdeskError as error:
        actions.say_unpublished(event.announcement_id, str(error.message))
    actions.tell_what_became(event)


HANDLERS: dict[type[Event], tuple[Callable[[Any, str], None], ...]] = {AlertDraftOpened: (publish_by_rule,)}
