"""The world in which every route is tried, and how a request is made of an entry of `routes.py`."""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from helpdesk.audit.models import AuditEntry
from helpdesk.core import feed
from helpdesk.core.database import db
from helpdesk.core.outbox import OutboxRow
from tests import databases, factories, fixtures
from tests.contract import routes
from tests.contract.routes import Arguments, Route, World

WHO = {"ana": "requester", "bruno": "requester", "carla": "agent", "teresa": "technician", "adam": "administrator"}
SAFE = ("GET", "HEAD", "OPTIONS")


def _tables() -> tuple[dict[str, tuple[Route, ...]], dict[str, Any]]:
    """The entries by "METHOD /rule", and the functions that make objects, of the host and of every plugin."""
    table: dict[str, Any] = dict(routes.TABLE)
    objects = dict(routes.OBJECTS)
    for name in filter(None, databases.default_plugins().split(",")):
        if importlib.util.find_spec(f"{name}.tests"):
            more = importlib.import_module(f"{name}.tests.routes")
            table |= more.TABLE
            objects |= more.OBJECTS
    return {k: v if isinstance(v, tuple) else (v,) for k, v in table.items()}, objects


TABLE, OBJECTS = _tables()


def address(key: str, route: Route, arguments: Arguments) -> tuple[str, str]:
    """Method and path of an entry with these arguments."""
    method, _space, rule = key.partition(" ")
    values = {**route.arguments, **arguments}
    return method, re.sub(r"<(?:[^:<>]*:)?(\w+)>", lambda m: quote(str(values[m[1]])), rule)


class Matrix:
    """The world with one browser and one API token for each person, and what a request leaves behind."""

    def __init__(self, app: Flask, people: fixtures.People) -> None:
        self.world = World(app, people)
        self.browsers: dict[str, FlaskClient] = {"nobody": app.test_client()}
        self.csrf = {"nobody": factories.csrf_token(self.browsers["nobody"])}
        self.tokens: dict[str, str] = {}
        self.kept: dict[str, Arguments] = {}
        for name in WHO:
            user = getattr(people, name)
            client = self.browsers[name] = app.test_client()
            self.csrf[name] = factories.sign_in(client, user)
            self.tokens[name] = factories.make_token(user)

    def make(self, kind: str | None, *, fresh: bool) -> Arguments:
        if kind is None:
            return {}
        with self.world.app.app_context():
            if fresh:
                return OBJECTS[kind](self.world)
            if kind not in self.kept:
                self.kept[kind] = OBJECTS[kind](self.world)
            return self.kept[kind]

    def send(
        self,
        who: str,
        key: str,
        route: Route,
        arguments: Arguments,
        token: str | None = None,
        more_headers: Mapping[str, str] | None = None,
    ) -> TestResponse:
        method, path = address(key, route, arguments)
        body = {name: self.body(getattr(route, name), arguments) for name in ("form", "json", "query")}
        options: dict[str, Any] = {"query_string": body["query"]}
        headers = dict(more_headers or {})
        by_token = route.scope is not None or token is not None
        if by_token and who != "nobody":
            headers["Authorization"] = f"Bearer {token or self.tokens[who]}"
        elif method not in SAFE:
            headers["X-CSRF-Token"] = self.csrf[who]
        if body["json"] is not None:
            options["json"] = body["json"]
        elif method not in SAFE and (body["form"] is not None or route.scope is None):
            options["data"] = body["form"] or {}
            if route.scope is not None:
                options["content_type"] = "multipart/form-data"
        client = self.browsers["nobody" if by_token else who]
        with client.session_transaction() as session:
            session.pop("_flashes", None)  # what an earlier request wanted to say
        return client.open(path, method=method, headers=headers, buffered=True, **options)  # closes files

    def body(self, body: Any, arguments: Arguments) -> Any:
        """What is sent: tables may name a function that makes it."""
        return body(self.world, arguments) if callable(body) else body

    def traces(self) -> tuple[int, ...]:
        """Rises with every change: feed, audit, outbox."""
        with self.world.app.app_context():
            counts = [db.session.scalar(select(func.count()).select_from(t)) or 0 for t in (AuditEntry, OutboxRow)]
            return (feed.head().seq, *counts)
