"""What other rooms and plugins may send to the sockets of this process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpdesk.realtime.live import live_of


def emit_to_staff(event: str, payload: Mapping[str, Any]) -> int:
    """Send an event to the staff who are connected to this process. To how many sockets.

    Every web process speaks to its own sockets only: call it where each of them does, such as in a feed listener.
    """
    live = live_of()
    staff = live.connections.staff()
    live.emit(event, payload, staff)
    return len(staff)
