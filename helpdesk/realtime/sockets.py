"""What happens when a socket connects, says something, or leaves."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from flask import Flask, g, session
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_wtf.csrf import validate_csrf
from socketio.exceptions import ConnectionRefusedError as Refused
from wtforms.validators import ValidationError

from helpdesk.accounts.queries import token_hash
from helpdesk.core import clock
from helpdesk.core.errors import Forbidden, HelpdeskError, Invalid, NotFound
from helpdesk.hooks.specs import SocketVerb, Viewer
from helpdesk.realtime import queries
from helpdesk.realtime.connections import Connection
from helpdesk.realtime.live import Live, live_of
from helpdesk.realtime.queries import Person
from helpdesk.realtime.rules import NAMESPACE

log = structlog.get_logger(__name__)
SESSION_KEY = "_user_id"  # where Flask-Login keeps its id, which is the session token, in the signed cookie


def user_room(user_id: int) -> str:
    return f"user:{user_id}"


def register(live: Live) -> None:
    """Bind the handlers to the server of this live channel."""

    def connect(sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        _connect(live, sid, environ, auth)

    def disconnect(sid: str, _reason: str = "") -> None:
        connection = live.connections.remove(sid)
        if connection is not None and connection.watching is not None:
            live.follower.presence.changed(connection.watching)

    def event(name: str, sid: str, *arguments: Any) -> dict[str, Any]:
        return _answer(live, name, sid, arguments)

    live.server.on("connect", connect, namespace=NAMESPACE)
    live.server.on("disconnect", disconnect, namespace=NAMESPACE)
    live.server.on("*", event, namespace=NAMESPACE)
    live.server.on_joined = live.follower.greet


def _connect(live: Live, sid: str, environ: dict[str, Any], auth: Any) -> None:
    token = _read_token(live.app, environ, auth)
    if token is None:
        raise Refused("not_signed_in")
    generation = live.directory.generation
    person = _find_person(live, token)
    manager = live.server.manager
    connection = Connection(sid, manager.eio_sid_from_sid(sid, NAMESPACE), person)
    manager.enter_room(sid, NAMESPACE, user_room(person.user_id))
    too_many = live.connections.add(connection, live.limits.sockets_per_user)
    if live.directory.generation != generation:
        # Whoever ended the session meanwhile may have looked for its sockets before this one was among them.
        try:
            connection.learn(_find_person(live, token))
        except Refused:
            live.connections.remove(sid)
            raise
    for oldest in too_many:
        live.close(oldest, "replaced")


def _find_person(live: Live, token: str) -> Person:
    with live.app.app_context():
        person = live.directory.find_person(token_hash(token), clock.now())
    if person is None:
        raise Refused("not_signed_in")
    return person


def _read_token(app: Flask, environ: dict[str, Any], auth: Any) -> str | None:
    """The session token of the cookie, if the page behind the socket knows the session's CSRF value."""
    if not isinstance(auth, dict) or not isinstance(auth.get("csrf"), str):
        return None
    with app.request_context(environ):
        token = session.get(SESSION_KEY)
        try:
            validate_csrf(auth["csrf"])
        except ValidationError:
            return None
    return token if isinstance(token, str) else None


def _answer(live: Live, name: str, sid: str, arguments: tuple[Any, ...]) -> dict[str, Any]:
    """The acknowledgement of one client message. Never raises, never tells how something failed inside."""
    connection = live.connections.find(sid)
    if connection is None:
        return {"error": "not_signed_in", "message": ""}
    with structlog.contextvars.bound_contextvars(request_id=uuid.uuid4().hex, verb=name[:40]):
        return _answer_for(live, connection, name, arguments)


def _answer_for(live: Live, connection: Connection, name: str, arguments: tuple[Any, ...]) -> dict[str, Any]:
    try:
        with live.app.app_context():
            viewer = live.directory.find_viewer(connection.user_id, live.connections.user_ids)
            if viewer is None:
                return {"error": "not_signed_in", "message": ""}
            g.viewer, g.connection = viewer, connection
            with force_locale(viewer.locale):
                return _perform(live, name, viewer, arguments)
    except Exception:
        log.exception("socket message failed")
        return {"error": "error", "message": ""}


def _perform(live: Live, name: str, viewer: Viewer, arguments: tuple[Any, ...]) -> dict[str, Any]:
    try:
        verb: SocketVerb | None = live.state.socket_verbs.get(name)
        if verb is None:
            raise NotFound(_("There is no such message."))
        if verb.staff_only and not viewer.is_staff:
            raise Forbidden(_("Your role does not allow this. Ask an administrator if you need it."))
        data = arguments[0] if arguments else {}
        if not isinstance(data, dict) or len(arguments) > 1:
            raise Invalid(_("The message is malformed."))
        return {"ok": True, **(verb.handle(viewer, data) or {})}
    except HelpdeskError as error:
        return {"error": error.code, "message": str(error.message)}


def _resync(_viewer: Viewer, data: dict[str, Any]) -> Mapping[str, Any] | None:
    """{epoch?, have?: {id: version}}: the tag of the board when that is what the client has, else the whole board."""
    live, connection = live_of(), _connection()
    board, head = connection.board, live.follower.head
    if board is not None and head is not None and data.get("epoch") == head.epoch:
        shown = {str(banner["id"]): banner["version"] for banner in board.banners}
        if data.get("have") == shown:
            return {"tag": board.tag}
    live.follower.greet(connection.sid)
    return None


def _watch(viewer: Viewer, data: dict[str, Any]) -> Mapping[str, Any] | None:
    """{ticket: number or null, writing: bool} or {page: "announcement:12", writing: bool}: what this socket has open,
    for the others who have it open.
    """
    opened, connection = _opened(viewer, data), _connection()
    before, connection.watching = connection.watching, opened
    connection.is_writing = data.get("writing") is True
    changed: Callable[[int | str], None] = live_of().follower.presence.changed
    for one in {before, opened}:
        if one is not None:
            changed(one)
    return None


def _opened(viewer: Viewer, data: dict[str, Any]) -> int | str | None:
    if (page := data.get("page")) is not None:
        if page != _connection().watching and not _is_page(viewer, page):
            raise NotFound(_("There is no such page."))
        return str(page)
    number: int | None = data.get("ticket")
    if number is not None and (type(number) is not int or not queries.is_ticket(number)):
        raise NotFound(_("There is no such ticket."))
    return number


def _is_page(viewer: Viewer, page: object) -> bool:
    """Whether a plugin knows this page, and this viewer may open it."""
    if not isinstance(page, str) or not re.fullmatch(r"[a-z]{1,20}:[1-9][0-9]{0,9}", page, re.ASCII):
        return False
    kind, _colon, number = page.partition(":")
    return any(live_of().state.plugins.collect("is_page", kind=kind, number=int(number), viewer=viewer))


def _connection() -> Connection:
    connection: Connection = g.connection
    return connection


VERBS = (SocketVerb("resync", _resync), SocketVerb("watch", _watch, staff_only=True))
