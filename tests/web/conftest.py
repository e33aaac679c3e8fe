"""An application with a few views of its own, and people who are signed in by a header of the test."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from apiflask import APIBlueprint
from flask import Blueprint, Flask, flash, g, render_template_string, request
from flask.testing import FlaskClient
from pydantic import AwareDatetime
from sqlalchemy import func, select

from helpdesk.core import feed
from helpdesk.core.database import db, transaction
from helpdesk.core.errors import Busy, Conflict, Forbidden, Invalid, NotFound, Stale, TooMany
from helpdesk.hooks.specs import Viewer
from helpdesk.web import api as parts
from helpdesk.web.access import allow, get_viewer
from helpdesk.web.csrf import check_origin_and_token
from helpdesk.web.limits import limit

ANA = Viewer(1, "Ana Ruiz", "ana@example.org", "requester", 3, (1, 3), "en", "Europe/Madrid")
CARLA = replace(ANA, id=2, name="Carla Vega", email="carla@example.org", role="agent", locale="es")
PEOPLE = {"ana": ANA, "carla": CARLA}
SECRET = "the password of the database is hunter2"

FAILURES: dict[str, Callable[[], Exception]] = {
    "not-found": lambda: NotFound("No such ticket."),
    "forbidden": lambda: Forbidden("Not for you."),
    "conflict": lambda: Conflict("It is published."),
    "stale": lambda: Stale("Changed.", {"revision": 7}),
    "invalid": lambda: Invalid({"title": "Too long.", "": "All wrong."}),
    "too-many": lambda: TooMany("Slow down.", 17),
    "busy": Busy,
    "unknown": lambda: RuntimeError(SECRET),
}


class ThingIn(parts.Body):
    title: str
    count: int = 1
    at: AwareDatetime | None = None
    tags: list[str] = []


class ThingOut(parts.Answer):
    id: int
    title: str


class ThingPage(parts.Page[ThingOut]):
    pass


pages = Blueprint("things", __name__)
api = APIBlueprint("things_api", __name__, url_prefix="/api/v1/things")


@pages.get("/things")
@allow("requester")
def page() -> str:
    return render_template_string('{% extends "public.html" %}{% block main %}{{ viewer.name }}{% endblock %}')


@pages.get("/things/open")
@allow("public")
def open_page() -> str:
    return render_template_string('{% extends "public.html" %}{% block main %}Hello{% endblock %}')


@pages.post("/things")
@allow("requester")
def save() -> str:
    flash("Saved")
    return "saved by " + get_viewer().name


@pages.post("/things/open")
@allow("public")
def save_open() -> str:
    return "saved"


@pages.get("/things/limited")
@allow("public")
@limit("2/minute")
def limited() -> str:
    return "ok"


@pages.get("/fail/<kind>")
@allow("public")
def fail_page(kind: str) -> str:
    raise FAILURES[kind]()


@api.get("/fail/<kind>")
@allow("public")
def fail(kind: str) -> str:
    raise FAILURES[kind]()


@api.get("")
@allow("requester", scope="tickets:read")
@api.output(ThingPage)
def list_things() -> Any:
    after = parts.read_cursor("things") or (0,)
    first = after[0] + 1
    ids = range(first, first + parts.limit_argument(2))
    return parts.paged([{"id": i, "title": str(i)} for i in ids], parts.make_cursor("things", ids[-1]))


@api.post("")
@allow("requester", scope="tickets:write")
@parts.idempotent
@api.input(ThingIn, arg_name="body")
@api.output(ThingOut, 201)
def make_thing(body: ThingIn) -> Any:
    """Make a thing.

    It raises the feed, which the tests count.
    """
    with transaction():
        number = feed.record("thing")
        if body.title == "fails":
            raise Conflict("No.")
    if body.title == "dies":
        raise RuntimeError(SECRET)
    return {"id": number, "title": body.title}, parts.etag(number)


@api.patch("/<int:thing_id>")
@allow("requester", scope="tickets:write")
@api.input(ThingIn, arg_name="body")
def change_thing(thing_id: int, body: ThingIn) -> Any:
    return {"id": thing_id, "revision": parts.if_match(), "title": body.title}


def _sign_in_by_header() -> None:
    name = request.headers.get("X-Test-Person")
    if name:
        g.viewer, g.token_scopes = PEOPLE[name], None
    if request.headers.get("Authorization") == "Bearer good":
        g.viewer, g.token_scopes = ANA, frozenset({"tickets:write"})


@pytest.fixture
def app(app: Flask) -> Flask:
    app.register_blueprint(pages)
    app.register_blueprint(api)
    hooks = app.before_request_funcs[None]
    hooks.insert(hooks.index(check_origin_and_token), _sign_in_by_header)
    return app


@pytest.fixture
def csrf(client: FlaskClient) -> str:
    """The token of the client's session, as pages carry it."""
    found = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/things/open").text)
    assert found
    return found.group(1)


@pytest.fixture
def ana(csrf: str) -> dict[str, str]:
    """Headers of a script on Ana's page."""
    return {"X-Test-Person": "ana", "X-CSRF-Token": csrf}


@pytest.fixture
def count_things(app: Flask) -> Callable[[], int]:
    def count() -> int:
        with app.app_context():
            return (
                db.session.scalar(
                    select(func.count()).select_from(feed.FeedEntry).where(feed.FeedEntry.topic == "thing")
                )
                or 0
            )

    return count
