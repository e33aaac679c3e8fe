"""What announcements do when something that they show changes elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from helpdesk.plugin_api import Event, ServiceChanged
from plugins.outage_notice.announcements import actions


def show_service(event: ServiceChanged, _event_id: str) -> None:
    """Open pages get the new name of the service, and those who use it now get its announcements."""
    if {"name", "department_ids"} & set(event.what):
        actions.show_service_again(event.service_id)


HANDLERS: dict[type[Event], tuple[Callable[[Any, str], None], ...]] = {ServiceChanged: (show_service,)}
