"""The help desk as a benchmark sees it: a database of any size, and the real `helpdesk serve` on it."""

from __future__ import annotations

import http.client
import json
import random
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import func, insert, select

from benchmarks.counted import read_counts
from benchmarks.crowd import Crowd
from benchmarks.machine import Process, free_port, python
from helpdesk import create_app
from helpdesk.accounts import actions as accounts
from helpdesk.accounts.models import Department, User, UserSession
from helpdesk.accounts.queries import token_hash
from helpdesk.accounts.rules import Role, scopes_for
from helpdesk.config import Settings
from helpdesk.core import clock
from helpdesk.core.database import db, transaction
from helpdesk.core.migrations import upgrade

SECRET = "only-for-benchmarks-0123456789abcdef"
COOKIE = "helpdesk"
DEPARTMENTS = 20
FEW = 50  # people of the small department
ROWS_AT_ONCE = 5000


class Desk:
    """A migrated SQLite database in a folder of its own, with departments, staff and people.

    The first department is the root of all, the second the small one with `FEW` people.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database_url = f"sqlite:///{folder}/helpdesk.sqlite3"
        settings = Settings(
            database_url=self.database_url,
            instance_dir=folder / "instance",
            secret_key=SECRET,
            HELPDESK_ASYNC="threading",  # type: ignore[call-arg]
        )
        self.app: Flask = create_app(settings)
        self.root_id = self.small_id = 0
        self.people = 0
        self.first_cookie = ""  # of the first requester, who is in the small department
        self.tokens: list[str] = []
        with self.app.app_context():
            upgrade()
            self._make_staff()

    def _make_staff(self) -> None:
        root = accounts.create_department(None, "Town hall", None)
        self.root_id = root.id
        self.small_id = accounts.create_department(None, "Finance", root.id).id
        for number in range(DEPARTMENTS):
            accounts.create_department(None, f"Department {number}", root.id)
        now = clock.now()
        with transaction() as session:
            session.add_all(
                User(
                    name=f"Technician {n}",
                    role=Role.technician,
                    email=f"technician{n}@helpdesk.example",
                    department_id=root.id,
                    created_at=now,
                )
                for n in range(10)
            )
        ids = list(db.session.scalars(select(User.id).where(User.role == Role.technician)))
        scopes = scopes_for(Role.technician)
        self.tokens = [accounts.make_token(None, user_id, "benchmark", scopes)[1] for user_id in ids]

    def add_people(self, count: int) -> None:
        """So many requesters with mailboxes: `FEW` of them in the small department, the others evenly elsewhere."""
        now = datetime.now(UTC)
        with self.app.app_context():
            others = list(db.session.scalars(select(Department.id).where(Department.id > self.small_id)))
            rows = (
                {
                    "name": f"Person {n}",
                    "sort_name": f"person {n}",
                    "email": f"person{n}@helpdesk.example",
                    "role": Role.requester,
                    "department_id": self.small_id if n < FEW else others[n % len(others)],
                    "created_at": now,
                }
                for n in range(self.people, self.people + count)
            )
            add_rows(User, rows)
        self.people += count

    def sign_in_everybody(self) -> Path:
        """A session for each requester, written straight into the database; the file of their Cookie headers."""
        now = datetime.now(UTC)
        with self.app.app_context():
            ids = list(db.session.scalars(select(User.id).where(User.role == Role.requester).order_by(User.id)))
            rows = (
                {"token_hash": token_hash(f"crowd-{i}"), "user_id": i, "created_at": now, "seen_at": now} for i in ids
            )
            add_rows(UserSession, rows)
        path = self.folder / "cookies"
        path.write_text("".join(self.cookie(f"crowd-{i}") + "\n" for i in ids))
        self.first_cookie = self.cookie(f"crowd-{ids[0]}")
        return path

    def cookie(self, token: str) -> str:
        """The Cookie header of a browser that is signed in by this session token."""
        serializer = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
        return f"{COOKIE}={serializer.dumps({'_user_id': token, 'csrf_token': 'crowd'})}"

    def staff_cookie(self) -> str:
        """The cookie of a signed-in technician."""
        now, token = datetime.now(UTC), "crowd-staff"
        with self.app.app_context(), transaction() as session:
            user_id = session.scalar(select(func.min(User.id)).where(User.role == Role.technician))
            session.add(UserSession(token_hash=token_hash(token), user_id=user_id, created_at=now, seen_at=now))
        return self.cookie(token)

    def staff_cookies(self) -> list[str]:
        """The cookies of all technicians, each signed in."""
        now = datetime.now(UTC)
        with self.app.app_context():
            ids = list(db.session.scalars(select(User.id).where(User.role == Role.technician)))
            add_rows(
                UserSession,
                (
                    {"token_hash": token_hash(f"staff-{i}"), "user_id": i, "created_at": now, "seen_at": now}
                    for i in ids
                ),
            )
        return [self.cookie(f"staff-{i}") for i in ids]

    def csrf_value(self) -> str:
        """What a page of any of these sessions sends back."""
        return str(URLSafeTimedSerializer(SECRET, salt="wtf-csrf-token").dumps("crowd"))

    def join_packet(self) -> str:
        """What a page sends to enter `/live`: with the CSRF value of the session."""
        return "40/live," + json.dumps({"csrf": self.csrf_value()}, separators=(",", ":"))

    def crowd(self, server: Server, count: int, cookies: Path, ready: str = '["board"', small: int = 0) -> Crowd:
        """So many signed-in browsers of this server, each ready once its board holds `ready`."""
        return Crowd(
            server.port,
            count,
            join=self.join_packet(),
            ready=ready,
            origin=server.url,
            cookies=cookies,
            small_buffers=small,
        )

    def serve(self, *options: str, counted: bool = False, name: str = "server") -> Server:
        """The real program on this database, answering. `counted` counts its statements."""
        return Server(self, options, counted, name)

    def close(self) -> None:
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()


class Server(Process):
    """A running `helpdesk serve`, with an HTTP connection that stays open."""

    def __init__(self, desk: Desk, options: Sequence[str], counted: bool, name: str) -> None:
        port = free_port()
        environment = {
            "HELPDESK_DATABASE_URL": desk.database_url,
            "HELPDESK_PORT": str(port),
            "HELPDESK_SECRET_KEY": SECRET,
            "HELPDESK_INSTANCE_DIR": str(desk.folder / "instance"),
        }
        self._counts = desk.folder / f"{name}.counts"
        module = ["-m", "benchmarks.counted", str(self._counts)] if counted else ["-m", "helpdesk.cli"]
        super().__init__(python(*module, "serve", *options), port, desk.folder / f"{name}.log", environment)
        self.wait_for("/healthz")
        self._tokens = cycle(desk.tokens)
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def counts(self) -> tuple[int, int]:
        """(reading, other) database statements since it started; needs `counted`."""
        return read_counts(self._counts)

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """One API request as a technician (they take turns, none reaches its limit). Raises for a refusal."""
        given = {"Authorization": f"Bearer {next(self._tokens)}"} | (headers or {})
        sent = None if body is None else json.dumps(body)
        if sent is not None:
            given["Content-Type"] = "application/json"
        self._connection.request(method, path, sent, given)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:500]!r}")
        return json.loads(text) if text else None

    def page(self, path: str, cookie: str) -> bytes:
        """The body of a page for a signed-in browser. Raises for anything but 200."""
        self._connection.request("GET", path, headers={"Cookie": cookie})
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"GET {path}: {answer.status} {body[:300]!r}")
        return body

    def draft(self, title: str, *audience: dict[str, Any], text: str = "") -> int:
        """A draft of a minor incident. Its id."""
        soon = datetime.now(UTC) + timedelta(hours=2)
        body = {
            "kind": "incident",
            "severity": 3,
            "title": title,
            "description": text or "Mail arrives late. We are looking into it and will say more as soon as we know.",
            "workaround": "Use the browser for what cannot wait; calls to the desk are answered as usual.",
            "audience": list(audience),
            "next_update_at": soon.isoformat(),
        }
        return int(self.ask("POST", "/api/v1/announcements", body)["id"])

    def publish(self, announcement_id: int) -> None:
        self.ask("POST", f"/api/v1/announcements/{announcement_id}/publish", {})

    def resolve(self, announcement_id: int) -> None:
        self.ask("POST", f"/api/v1/announcements/{announcement_id}/resolve", {"text": "It works again."})


EVERYONE = {"kind": "everyone"}


def department(department_id: int) -> dict[str, Any]:
    """The audience of one department."""
    return {"kind": "department", "id": str(department_id)}


def add_rows(model: Any, rows: Iterator[dict[str, Any]]) -> None:
    """Insert many rows of one table, some thousand in each transaction. Needs an application context."""
    while chunk := list(islice(rows, ROWS_AT_ONCE)):
        with transaction() as session:
            session.execute(insert(model), chunk)


def some_words(seed: int, count: int, words: Sequence[str]) -> str:
    return " ".join(random.Random(seed).choices(words, k=count))


@contextmanager
def new_desk(people: int = 0) -> Iterator[Desk]:
    """A desk that is thrown away at the end."""
    folder = Path(tempfile.mkdtemp(prefix="hdbench-desk-"))
    desk = None
    try:
        desk = Desk(folder)
        if people:
            desk.add_people(people)
        yield desk
    finally:
        if desk is not None:
            desk.close()
        shutil.rmtree(folder, ignore_errors=True)
