"""X10, X3: every route × method × role × object, compared with the tables of `routes.py`."""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from helpdesk.audit.models import AuditEntry
from helpdesk.core import feed
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db
from helpdesk.core.outbox import OutboxRow
from helpdesk.web.access import ROLES
from tests import databases, factories, fixtures
from tests.contract import routes
from tests.contract.routes import Arguments, Route, World
from tests.harness import START

WHO = {"ana": "requester", "bruno": "requester", "carla": "agent", "teresa": "technician", "adam": "administrator"}
SAFE = ("GET", "HEAD", "OPTIONS")
CHANGING = re.compile(r'content="[^"]{40,}"|name="csrf_token"[^>]*>|"request_id": ?"[^"]+"|[0-9a-f]{32}|\b\d+\b')


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

    def send(self, who: str, key: str, route: Route, arguments: Arguments, token: str | None = None) -> TestResponse:
        method, _space, rule = key.partition(" ")
        values = {**route.arguments, **arguments}
        path = re.sub(r"<(?:[^:<>]*:)?(\w+)>", lambda m: quote(str(values[m[1]])), rule)
        body = {name: self._body(getattr(route, name), arguments) for name in ("form", "json", "query")}
        options: dict[str, Any] = {"query_string": body["query"]}
        headers = {}
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
        return client.open(path, method=method, headers=headers, **options)

    def _body(self, body: Any, arguments: Arguments) -> Any:
        return body(self.world, arguments) if callable(body) else body

    def traces(self) -> tuple[int, ...]:
        """Rises with every change: feed, audit, outbox."""
        with self.world.app.app_context():
            counts = [db.session.scalar(select(func.count()).select_from(t)) or 0 for t in (AuditEntry, OutboxRow)]
            return (feed.head().seq, *counts)


@pytest.fixture(scope="module")
def matrix(sqlite_template: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    folder = tmp_path_factory.mktemp("matrix")
    settings = databases.make_settings(databases.copy_sqlite(sqlite_template, folder), folder / "instance")
    from helpdesk import create_app

    app = create_app(settings, FixedClock(START))
    app.config["TESTING"] = True
    with factories.present_app(app):
        yield Matrix(app, fixtures.make_people())
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def _missing(arguments: Arguments) -> Arguments:
    """The same address for an object that does not exist."""
    if not arguments:
        return {}
    name, value = list(arguments.items())[-1]
    return arguments | {name: 999_999 if isinstance(value, int) else "0" * 32}


def _leads_to_sign_in(answer: TestResponse) -> bool:
    return answer.status_code == 302 and answer.headers["Location"].startswith("/sign-in")


def _shape(answer: TestResponse) -> tuple[int, str | None, str]:
    """What may be compared: numbers and tokens differ."""
    return answer.status_code, answer.content_type, CHANGING.sub("#", answer.get_data(as_text=True))


def _keys(app: Flask) -> set[str]:
    return {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        if rule.endpoint.rpartition(".")[2] != "static"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def test_the_tables_name_every_route_and_no_other(matrix: Matrix) -> None:
    assert _keys(matrix.world.app) == set(TABLE)


def test_the_marks_in_the_code_say_what_the_tables_say(matrix: Matrix) -> None:
    app = matrix.world.app
    for rule in app.url_map.iter_rules():
        access = getattr(app.view_functions[rule.endpoint], "access", None)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            for route in TABLE.get(f"{method} {rule.rule}", ()):
                assert access is not None
                assert (access.role, access.scope) == (route.role, route.scope), rule.rule


def _name(key: str, route: Route) -> str:
    words = [key, *map(str, route.arguments.values()), *(route.query if isinstance(route.query, dict) else ())]
    return " ".join([*words, route.object or ""]).strip()


CASES = [pytest.param(key, route, id=_name(key, route)) for key in TABLE for route in TABLE[key]]


@pytest.mark.parametrize(("key", "route"), CASES)
def test_matrix(matrix: Matrix, key: str, route: Route) -> None:
    if route.role == "public":
        answer = matrix.send("nobody", key, route, {})
        assert answer.status_code in (200, 204, 302, 404, 422)
        assert not _leads_to_sign_in(answer) or key == "POST /sign-out"
        return
    is_safe = key.split(" ")[0] in SAFE
    kept = matrix.make(route.object, fresh=False)
    before = matrix.traces()
    _refuse_nobody(matrix, key, route, kept)
    allowed = []
    for who, role in WHO.items():
        if ROLES.index(role) < ROLES.index(route.role):
            assert matrix.send(who, key, route, kept).status_code == 403, who
        elif route.may is not None and who not in route.may:
            foreign, missing = (matrix.send(who, key, route, a) for a in (kept, _missing(kept)))
            assert foreign.status_code == route.missing, (who, foreign.get_data(as_text=True)[-500:])
            assert _shape(foreign) == _shape(missing), who
        else:
            allowed.append(who)
    if route.scope is None:
        answer = matrix.send("adam", key, route, kept, token=matrix.tokens["adam"])
        assert answer.status_code == 403, "a page is not for tokens"
    else:
        other = factories.make_token(matrix.world.people.adam, "me" if route.scope != "me" else "tickets:read")
        before = tuple(a + b for a, b in zip(before, _token_traces(matrix, before), strict=True))
        assert matrix.send("adam", key, route, kept, token=other).status_code == 403, "without the scope"
    assert matrix.traces() == before, "a refused request left something behind"
    for who in allowed:
        answer = matrix.send(who, key, route, kept if is_safe else matrix.make(route.object, fresh=True))
        text = answer.get_data(as_text=True)
        assert answer.status_code < 500, (who, text[-500:])
        assert answer.status_code not in (401, 403, 404, 405, 415), (who, text[-500:])
        assert not _leads_to_sign_in(answer), who


def _token_traces(matrix: Matrix, before: tuple[int, ...]) -> tuple[int, ...]:
    """What making the token without the scope has just left."""
    return tuple(now - then for now, then in zip(matrix.traces(), before, strict=True))


def _refuse_nobody(matrix: Matrix, key: str, route: Route, arguments: Arguments) -> None:
    for one in (arguments, _missing(arguments)):
        answer = matrix.send("nobody", key, route, one)
        assert answer.status_code == 401 if route.scope is not None else _leads_to_sign_in(answer)
