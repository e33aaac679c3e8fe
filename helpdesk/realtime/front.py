"""What stands before the application in a running web process: monitoring by any name, and an orderly way out.

Who leaves turns red, refuses new sockets and asks every client of a page to come back by a new connection, while the
open sockets are closed a few at a time: a load balancer sends each of them elsewhere, and nobody sees a gap.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from flask import Flask

from helpdesk.realtime.live import live_of

MONITORING = frozenset({"/healthz", "/readyz", "/metrics"})
SOCKETS = "/socket.io"
CLOSING_SHARE = 0.8  # of the time for leaving; the rest is for requests that are on their way
STEP_SECONDS = 0.1


class Front:
    """The application as the web server of this process calls it."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self.is_leaving = False

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        path = environ.get("PATH_INFO", "")
        if path in MONITORING and "HTTP_X_FORWARDED_FOR" not in environ:
            # Directly, by the name of a machine or container, which is none that people type.
            environ["HTTP_HOST"] = "localhost"
        if not self.is_leaving:
            return self._app(environ, start_response)
        if path == SOCKETS or path.startswith(SOCKETS + "/"):
            return _refuse(start_response)

        def start_and_close(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            others = [(name, value) for name, value in headers if name.lower() != "connection"]
            return start_response(status, [*others, ("Connection", "close")], *more)

        return self._app(environ, start_and_close)

    def leave(self, seconds: float) -> None:
        """Turn red, close the open sockets one after the other, and return after so many seconds."""
        self.is_leaving = True
        live = live_of(self._app)
        live.state.health["leaving"] = lambda: "the process is about to stop"
        connections = live.connections.all()
        random.shuffle(connections)
        steps = max(1, int(seconds * CLOSING_SHARE / STEP_SECONDS))
        for step in range(steps):
            live.server.sleep(STEP_SECONDS)
            for connection in connections[step::steps]:
                live.server.drop(connection.eio_sid)  # without a word: the page reconnects by itself
        live.server.sleep(max(0.0, seconds - steps * STEP_SECONDS))


def _refuse(start_response: Callable[..., Any]) -> list[bytes]:
    body = b"This process is about to stop"
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    headers += [("Retry-After", "1"), ("Cache-Control", "no-store"), ("Connection", "close")]
    headers += [("X-Content-Type-Options", "nosniff"), ("Content-Security-Policy", "default-src 'none'")]
    start_response("503 Service Unavailable", headers)
    return [body]
