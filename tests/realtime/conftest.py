"""People with sessions, boards from the test plugin, and sockets of both kinds."""

from __future__ import annotations

import hashlib
import json
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import event, update

from helpdesk.accounts.models import User, UserSession
from helpdesk.accounts.rules import Role
from helpdesk.config import Settings
from helpdesk.core import clock, feed
from helpdesk.core.clock import FixedClock, SystemClock
from helpdesk.core.database import db, transaction
from helpdesk.realtime.live import Live, live_of
from helpdesk.realtime.rules import NAMESPACE
from helpdesk.tickets.models import Ticket
from tests import live
from tests.databases import START, make_settings
from tests.live import LiveServer

ROOT = Path(__file__).resolve().parents[2]
QUICK = Path(__file__).with_name("quick.py")
SIGNS = "tests.realtime.signs"


def banner(banner_id: int, version: int = 1, **more: Any) -> dict[str, Any]:
    return {"id": banner_id, "version": version, "title": f"Notice {banner_id}", **more}


class Desk:
    """The application with its people: each method is one committed change."""

    def __init__(self, app: Flask, folder: Path) -> None:
        self.app, self.folder = app, folder

    @property
    def live(self) -> Live:
        return live_of(self.app)

    def person(self, name: str, role: str = "requester") -> int:
        with self.app.app_context(), transaction() as session:
            user = User(name=name, role=Role(role), email=f"{name.lower()}@helpdesk.example", created_at=START)
            session.add(user)
            session.flush()
            return user.id

    def session(self, user_id: int, token: str | None = None, seen_ago: timedelta = timedelta()) -> str:
        """Sign the person in; the token for the cookie."""
        with self.app.app_context(), transaction() as session:
            token = token or f"token-{user_id}-{secrets.token_hex(4)}"
            now = clock.now()
            session.add(
                UserSession(
                    token_hash=hashlib.sha256(token.encode()).hexdigest(),
                    user_id=user_id,
                    created_at=now - seen_ago,
                    seen_at=now - seen_ago,
                )
            )
        return token

    def sign_out(self, user_id: int) -> None:
        with self.app.app_context(), transaction() as session:
            session.execute(update(UserSession).where(UserSession.user_id == user_id).values(ended_at=clock.now()))
            feed.record("user", user_id)

    def disable(self, user_id: int) -> None:
        with self.app.app_context(), transaction() as session:
            session.execute(update(User).where(User.id == user_id).values(disabled_at=clock.now()))
            feed.record("user", user_id)

    def show(self, topic: str = "announcement", ref: int = 1, **signs: Any) -> int:
        """Put these banners up ({"all": […]} or by "u<id>") and bump the feed. The new number."""
        self.folder.mkdir(exist_ok=True, parents=True)
        content = {name.removeprefix("u"): value for name, value in signs.items()}
        (self.folder / "signs.json").write_text(json.dumps(content))
        return self.bump(topic, ref)

    def bump(self, topic: str, ref: object) -> int:
        with self.app.app_context(), transaction():
            return feed.record(topic, ref)

    def cookie(self, token: str, csrf: str = "raw") -> str:
        serializer = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
        value = serializer.dumps({"_user_id": token, "csrf_token": csrf})
        return f"{self.app.config['SESSION_COOKIE_NAME']}={value}"

    def csrf(self, raw: str = "raw") -> str:
        secret = self.app.config["SECRET_KEY"]
        return str(URLSafeTimedSerializer(secret, salt="wtf-csrf-token").dumps(raw))

    def connect(self, token: str, *, csrf: Any = "raw") -> Socket:
        auth = {"csrf": self.csrf(csrf)} if csrf is not None else None
        return Socket(self, {"Cookie": self.cookie(token)}, auth)

    def step(self) -> None:
        """One round of the feed, as after a poke."""
        self.live.follower.poke()
        self.live.follower.step()


class Socket:
    """A Flask-SocketIO test client on `/live` that gives frames as (event, payload)."""

    def __init__(self, desk: Desk, headers: dict[str, str], auth: Any) -> None:
        self.client = desk.app.extensions["socketio"].test_client(desk.app, NAMESPACE, headers=headers, auth=auth)

    @property
    def is_connected(self) -> bool:
        return bool(self.client.is_connected(NAMESPACE))

    def frames(self) -> list[tuple[str, Any]]:
        received, self.client.queue = self.client.queue, []
        return [(item["name"], item["args"][0]) for item in received]

    def send(self, name: str, *arguments: Any) -> Any:
        return self.client.emit(name, *arguments, namespace=NAMESPACE, callback=True)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return make_settings(database_url, tmp_path / "instance", plugins=SIGNS)


@pytest.fixture
def desk(make_app: Callable[[Settings, FixedClock], Flask], settings: Settings, clock: FixedClock) -> Desk:
    return Desk(make_app(settings, clock), settings.instance_dir)


class Counted:
    def __init__(self) -> None:
        self.statements: list[str] = []


@pytest.fixture
def count_queries(desk: Desk) -> Callable[[], AbstractContextManager[Counted]]:
    """`with count_queries() as counted: …` then `counted.statements` were executed besides the feed's own."""

    @contextmanager
    def count() -> Iterator[Counted]:
        counted = Counted()

        def on_execute(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
            if not statement.startswith("BEGIN") and "feed_head" not in statement:  # which is read once a second
                counted.statements.append(statement)

        with desk.app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", on_execute)
        try:
            yield counted
        finally:
            event.remove(engine, "before_cursor_execute", on_execute)

    return count


@pytest.fixture
def make_ticket(desk: Desk) -> Callable[[int], tuple[int, int]]:
    """Writes a bare ticket of this person; its id and number."""

    def make(requester_id: int) -> tuple[int, int]:
        with desk.app.app_context(), transaction() as session:
            ticket = Ticket(
                number=1001, subject="Printer", requester_id=requester_id, created_at=START, updated_at=START
            )
            session.add(ticket)
            session.flush()
            return ticket.id, ticket.number

    return make


# --- running servers ---------------------------------------------------------------------------------------------


@pytest.fixture(params=["gevent", "threading"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def serve(
    mode: str,
    live_server: Callable[..., LiveServer],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Callable[[], LiveServer]:
    """Starts servers with quick limits and the test plugin, all on the test's database."""
    command = tmp_path / "helpdesk"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} {QUICK} "$@"\n')
    command.chmod(0o755)
    monkeypatch.setattr(live, "HELPDESK", command)

    def start() -> LiveServer:
        environment = {"HELPDESK_PLUGINS": SIGNS, "HELPDESK_ASYNC": mode, "PYTHONPATH": str(ROOT)}
        return live_server(environment=environment, command=("serve", "--no-worker")).start()

    return start


@pytest.fixture
def live_desk(make_app: Callable[[Settings, FixedClock], Flask], settings: Settings) -> Desk:
    """The desk at the system's time, as running servers live in it."""
    return Desk(make_app(settings, SystemClock()), settings.instance_dir)  # type: ignore[arg-type]
