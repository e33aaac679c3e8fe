"""The running process: the only place that starts threads, sockets and timers, and the one that stops them."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask

from helpdesk.config import Settings
from helpdesk.core import schema
from helpdesk.realtime.capacity import raise_limit
from helpdesk.realtime.follower import start as start_following
from helpdesk.realtime.follower import start_waking
from helpdesk.realtime.front import MONITORING, Front
from helpdesk.scheduling.relay import Relay
from helpdesk.scheduling.ticker import Ticker, find_problem_elsewhere

log = structlog.get_logger(__name__)

BACKLOG = 4096
STOP_SECONDS = 1.0
LAST_REQUESTS_SECONDS = 5.0  # after an orderly way out, for requests that take long
WATCH_SECONDS, MOST_MISSES = 5.0, 6


class CannotStart(Exception):
    """The process must not start. The text says why and what to do."""


def serve(app: Flask, *, with_worker: bool = True, drain: float = 0) -> None:
    """Serve until SIGTERM or SIGINT. Raises CannotStart.

    With `drain` the first signal begins an orderly way out that takes so many seconds; a second one ends it.
    """
    settings: Settings = app.extensions["helpdesk"].settings
    check(app)
    raise_limit()
    listener = _listen(settings)
    stops = [start_following(app)] + (_start_worker(app) if with_worker else _watch_workers(app))
    run = _serve_gevent if settings.async_mode == "gevent" else _serve_threads
    if settings.is_production:
        log.info("serving", address=_address(settings, listener))
    else:
        print(f"Help desk at {_address(settings, listener)}", flush=True)  # noqa: T201
    _watch_garbage()
    try:
        run(app, listener, drain)
    finally:
        _stop_all(stops)


def work(app: Flask, *, port: int | None = None) -> None:
    """Do the background work until SIGTERM or SIGINT. Raises CannotStart.

    With `port`, what monitoring asks for (`MONITORING`) is answered there.
    """
    check(app)
    settings: Settings = app.extensions["helpdesk"].settings
    listener = None if port is None else _listen(settings.model_copy(update={"port": port}))
    stops = [start_waking(app), *_start_worker(app)]
    if listener is not None:
        stops.append(_serve_monitoring(app, listener))
    ended = threading.Event()
    _on_signal(app, ended.set)
    if settings.is_production:
        log.info("working")
    else:
        print("The worker runs.", flush=True)  # noqa: T201
    _watch_garbage()
    try:
        _wait_while_alive(app, ended)
    finally:
        _stop_all(stops)


def _wait_while_alive(app: Flask, ended: threading.Event) -> None:
    """A worker answers no health check: it ends itself when its loops have stopped, and is started anew."""
    pulse: dict[str, Callable[[], str | None]] = app.extensions["helpdesk"].pulse
    misses = 0
    while not ended.wait(WATCH_SECONDS):
        problems = [problem for check in pulse.values() if (problem := check())]
        misses = misses + 1 if problems else 0
        if misses >= MOST_MISSES:
            log.error("the worker is stuck and ends", problems=problems)
            os._exit(1)  # what hangs would keep an orderly end from ending


def check(app: Flask) -> None:
    """Raises CannotStart when the schema is behind, or when gevent came too late."""
    settings: Settings = app.extensions["helpdesk"].settings
    if settings.async_mode == "gevent":
        _check_patched(settings)
    with app.app_context():
        if not schema.is_newest():
            raise CannotStart(_describe_schema())


def _describe_schema() -> str:
    from helpdesk.core import migrations  # a start with the right schema goes without it

    if migrations.state() is migrations.SchemaState.newer:
        return migrations.NEWER
    return "the database is not at the newest version. Run `helpdesk migrate` first"


def _check_patched(settings: Settings) -> None:
    from gevent import monkey

    if not monkey.is_module_patched("threading"):
        raise CannotStart("gevent has not patched the standard library: start it by the `helpdesk` command")
    if settings.database_url.startswith("postgresql"):
        from psycopg import waiting

        # psycopg chose its C wait before gevent patched: each query would stop the whole process.
        if getattr(waiting.wait, "__name__", "") == "wait_c":
            raise CannotStart("psycopg was imported before gevent patched the standard library")


# --- the parts ---------------------------------------------------------------------------------------------------


def _start_worker(app: Flask) -> list[Callable[[], None]]:
    relay, ticker = Relay(app), Ticker(app)
    relay.start()
    ticker.start()
    return [relay.stop, ticker.stop]


def _watch_workers(app: Flask) -> list[Callable[[], None]]:
    app.extensions["helpdesk"].health["ticker"] = find_problem_elsewhere
    return []


def _watch_garbage() -> None:
    """Look for garbage from now on, but not among what was imported: the program itself stays as long as it runs."""
    gc.freeze()
    gc.enable()


def _stop_all(stops: list[Callable[[], None]]) -> None:
    for stop in stops:
        try:
            stop()
        except Exception:
            log.exception("a part did not stop in order")


# --- the web server ----------------------------------------------------------------------------------------------


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Inherited by each connection: the head and the body of an answer are two writes, and the second one would wait up
    # to 40 ms for the other side to say that it has the first.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise CannotStart(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror or error}. "
            "Is it running already? Set HELPDESK_HOST or HELPDESK_PORT"
        ) from error
    return listener


def _address(settings: Settings, listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return settings.public_url if settings.port else f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _serve_monitoring(app: Flask, listener: socket.socket) -> Callable[[], None]:
    """Answer monitoring in the background. The function that ends it."""
    front = Front(app)

    def only_monitoring(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if environ.get("PATH_INFO") in MONITORING:
            return front(environ, start_response)
        start_response("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "0")])
        return []

    if app.extensions["helpdesk"].settings.async_mode == "gevent":
        from gevent import pywsgi

        from helpdesk.realtime.upgrade import LimitedHandler

        listener.setblocking(False)
        server = pywsgi.WSGIServer(
            listener, only_monitoring, log=None, error_log=_ErrorLog(), handler_class=LimitedHandler
        )
        server.start()
        return lambda: server.stop(STOP_SECONDS)
    threaded = _make_threaded(only_monitoring, listener)
    threading.Thread(target=threaded.serve_forever, daemon=True).start()
    shutdown: Callable[[], None] = threaded.shutdown
    return shutdown


def _serve_gevent(app: Flask, listener: socket.socket, drain: float) -> None:
    import gevent
    from gevent import pywsgi
    from gevent.pool import Pool

    from helpdesk.realtime.upgrade import UpgradeHandler

    listener.setblocking(False)
    front = Front(app)
    server = pywsgi.WSGIServer(
        listener, front, log=None, spawn=Pool(), error_log=_ErrorLog(), handler_class=UpgradeHandler
    )

    def stop() -> None:
        if drain and not front.is_leaving:
            front.leave(drain)
            server.stop(LAST_REQUESTS_SECONDS)
        else:
            server.stop(STOP_SECONDS)

    _on_signal(app, lambda: gevent.spawn(stop))
    server.serve_forever(stop_timeout=LAST_REQUESTS_SECONDS if drain else STOP_SECONDS)


def _serve_threads(app: Flask, listener: socket.socket, drain: float) -> None:
    front = Front(app)
    server = _make_threaded(front, listener)

    def stop() -> None:
        if drain and not front.is_leaving:
            front.leave(drain)
        server.shutdown()

    _on_signal(app, lambda: threading.Thread(target=stop, daemon=True).start())
    server.serve_forever(poll_interval=0.2)


def _make_threaded(app: Any, listener: socket.socket) -> Any:
    from werkzeug.serving import WSGIRequestHandler, make_server

    class QuietHandler(WSGIRequestHandler):
        timeout = 75  # without a byte: a client that vanished must not keep its thread

        def log(self, type: str, message: str, *args: Any) -> None:
            """Requests are logged by the application, or not at all."""

    host, port = listener.getsockname()[:2]
    return make_server(host, port, app, threaded=True, request_handler=QuietHandler, fd=listener.fileno())


def _on_signal(app: Flask, stop: Callable[[], object]) -> None:
    if app.extensions["helpdesk"].settings.async_mode == "gevent":
        import gevent

        for number in (signal.SIGTERM, signal.SIGINT):
            gevent.signal_handler(number, stop)
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop())


class _ErrorLog:
    """Where pywsgi writes what went wrong below the application."""

    def write(self, text: str) -> None:
        if text.strip():
            log.error("web server", text=text.rstrip())

    def flush(self) -> None:
        sys.stderr.flush()
