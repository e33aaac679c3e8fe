"""The live channel of one application: its parts in one place, kept in `app.extensions["helpdesk_realtime"]`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Flask, current_app

from helpdesk.core import failpoints
from helpdesk.realtime.connections import Connection, Connections
from helpdesk.realtime.directory import Directory
from helpdesk.realtime.rules import NAMESPACE, Limits
from helpdesk.realtime.wake import WakeUps

EXTENSION = "helpdesk_realtime"


class Live:
    """What handlers and the follower share. `server` is the python-socketio server."""

    def __init__(self, app: Flask, limits: Limits) -> None:
        from helpdesk.realtime.follower import Follower  # it needs this class in turn

        self.app = app
        self.state = app.extensions["helpdesk"]
        self.limits = limits
        self.connections = Connections()
        self.directory = Directory()
        self.follower = Follower(self)
        self.server: Any = None
        self.wake_ups: WakeUps | None = None

    def emit(self, event: str, payload: Mapping[str, Any], to: Iterable[Connection]) -> None:
        """Send one event to these sockets: encoded once, one call."""
        receivers = list(to)
        if receivers and not failpoints.hit("push"):
            self.server.emit_to(event, payload, receivers)

    def close(self, connection: Connection, reason: str) -> None:
        """Tell the client why, end its namespace and its transport. Does nothing for one that is gone."""
        self.emit("goodbye", {"reason": reason}, [connection])
        self.server.disconnect(connection.sid, namespace=NAMESPACE)
        self.server.drop(connection.eio_sid)


def live_of(app: Flask | None = None) -> Live:
    """The live channel of the application (the current one by default)."""
    live: Live = (app or current_app).extensions[EXTENSION]
    return live
