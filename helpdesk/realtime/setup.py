"""Puts the live channel into the application, and starts and stops what follows the feed."""

from __future__ import annotations

from typing import Any

import flask_socketio
from flask import Flask, current_app
from socketio import WSGIApp
from werkzeug.local import LocalProxy

from helpdesk.config import Settings
from helpdesk.realtime import boards
from helpdesk.realtime.capacity import Capacity
from helpdesk.realtime.figures import figures_of
from helpdesk.realtime.guard import GuardedServer, QuietLogger, Refusal
from helpdesk.realtime.live import EXTENSION, Live
from helpdesk.realtime.rules import NAMESPACE, Limits, origin_of
from helpdesk.realtime.wake import WakeUps
from helpdesk.web.setup import apply_proxy_fix

PATH = "/socket.io"

socketio: Any = LocalProxy(lambda: current_app.extensions["socketio"])


class LiveSocketIO(flask_socketio.SocketIO):
    """Flask-SocketIO around our guarded server instead of the stock one that its `init_app` would make."""

    def __init__(self, app: Flask, server: GuardedServer) -> None:
        super().__init__()
        self.server = server
        self.async_mode = server.async_mode
        app.extensions["socketio"] = self


def init_app(app: Flask, limits: Limits | None = None) -> None:
    """Add `/socket.io` with the namespace `/live`. Starts nothing."""
    settings: Settings = app.extensions["helpdesk"].settings
    live = Live(app, limits or Limits())
    live.server = _make_server(settings, live.limits)
    app.extensions[EXTENSION] = live
    LiveSocketIO(app, live.server)
    from helpdesk.realtime.sockets import register

    register(live)
    pages = app.wsgi_app
    sockets = Capacity(WSGIApp(live.server, socketio_path=PATH), lambda: len(live.server.eio.sockets))
    app.wsgi_app = Refusal(sockets, pages, PATH, settings.public_url)  # type: ignore[method-assign]
    apply_proxy_fix(app)
    live.state.feed_listeners.append(live.follower.poke_first)
    if settings.redis_url is not None:
        live.wake_ups = WakeUps(settings.redis_url)
        live.state.degraded["redis"] = live.wake_ups.find_problem
        live.state.feed_listeners.append(live.wake_ups.poke)
    live.state.figures.append(lambda: figures_of(live))
    live.state.health["boards"] = lambda: boards.find_problem(live.state.plugins)


def _make_server(settings: Settings, limits: Limits) -> GuardedServer:
    options: dict[str, Any] = {
        "async_mode": settings.async_mode,
        "transports": ["websocket"],
        "allow_upgrades": False,
        "cors_allowed_origins": [origin_of(settings.public_url)],
        "ping_interval": limits.ping_seconds,
        "ping_timeout": limits.pong_seconds,
        "max_http_buffer_size": limits.frame_bytes,
        "http_compression": False,
        "namespaces": [NAMESPACE],  # the default would let anybody join "/"
        "async_handlers": False,  # messages of one client are handled in order
        "logger": QuietLogger(),
        "engineio_logger": QuietLogger(),
    }
    if settings.async_mode == "gevent":
        from helpdesk.realtime.fanout import DirectServer

        return DirectServer(limits, **options)
    return GuardedServer(limits, **options)
