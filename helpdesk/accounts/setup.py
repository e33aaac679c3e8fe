"""Says who is asking: sets `g.viewer`, `g.token_scopes` and `g.session_id` before each request."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog
from flask import Flask, g, request
from flask_login import LoginManager, current_user
from sqlalchemy.exc import InternalError, OperationalError

from helpdesk.accounts import actions, queries
from helpdesk.accounts.rules import SEEN_EVERY, SESSION_LIFE, scopes_for
from helpdesk.core import clock
from helpdesk.core.errors import Busy
from helpdesk.hooks.specs import Viewer
from helpdesk.web.access import is_token_request

log = structlog.get_logger(__name__)
LONGEST_TOKEN = 200
WITHOUT_PERSON = ("static", "healthz", "metrics")
# An open page asks for these by itself: they are no sign that anybody still sits there.
BY_ITSELF = ("board_api.show_board",)


class Browser:
    """A signed-in browser for Flask-Login. Its id is the session's token, so that only the cookie holds it."""

    is_authenticated = is_active = True
    is_anonymous = False

    def __init__(self, token: str, viewer: Viewer | None = None, session_id: int = 0) -> None:
        self.token, self.viewer, self.session_id = token, viewer, session_id

    def get_id(self) -> str:
        return self.token


def _load_browser(token: str) -> Browser | None:
    now = clock.now()
    found = queries.find_session(token, now)
    if found is None:
        return None
    browser = Browser(token, found.viewer, found.id)
    if now - found.seen_at >= SEEN_EVERY and request.endpoint not in BY_ITSELF:
        _note(lambda: actions.note_session_seen(found.id))
    return browser


def _note(write: Callable[[], None]) -> None:
    """Write down that somebody was here. Where nothing can be written, what they want to read is shown all the same."""
    try:
        write()
    except (Busy, OperationalError, InternalError):  # the last is what PostgreSQL says while it is read-only
        log.warning("a visit could not be noted", exc_info=True)


def _identify() -> None:
    """A bearer token counts alone; otherwise the cookie says who it is."""
    g.viewer, g.token_scopes, g.session_id = None, None, None
    if (request.endpoint or "").rpartition(".")[2] in WITHOUT_PERSON:
        return
    if is_token_request():
        _identify_by_token(request.headers["Authorization"], clock.now())
    elif current_user.is_authenticated:
        g.viewer, g.session_id = current_user.viewer, current_user.session_id


def _identify_by_token(header: str, now: datetime) -> None:
    token = header.partition(" ")[2].strip()
    found = queries.find_api_token(token, now) if len(token) <= LONGEST_TOKEN else None
    g.token_scopes = frozenset()
    if found is None:
        return
    g.viewer = found.viewer
    # A token never carries more than the role of its person allows today.
    g.token_scopes = frozenset(found.scopes) & frozenset(scopes_for(found.role))
    if found.used_at is None or now - found.used_at >= SEEN_EVERY:
        _note(lambda: actions.note_token_used(found.id))


def init_app(app: Flask) -> None:
    app.config.update(PERMANENT_SESSION_LIFETIME=SESSION_LIFE, SESSION_REFRESH_EACH_REQUEST=False)
    manager = LoginManager()
    manager.session_protection = None  # phones change their address all day; the session itself is kept here
    manager.user_loader(_load_browser)
    manager.init_app(app)
    app.before_request(_identify)
