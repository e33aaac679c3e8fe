"""Makes the people, departments and services that tests need, by the product's own actions.

The functions work inside an application context and outside of one (then in the application of the fixture `app`).
What they give is a snapshot: read it as long as you like, and ask the queries for what became of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, has_app_context, session
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf

from helpdesk.accounts import actions, queries
from helpdesk.accounts.models import Department, Team, User
from helpdesk.accounts.rules import NewUser, Role, scopes_for
from helpdesk.catalog import actions as catalog_actions
from helpdesk.catalog.models import Service
from helpdesk.catalog.rules import NewService, make_slug
from helpdesk.core.database import Base, db
from helpdesk.hooks.specs import Viewer

PASSWORD = "four plain words here"  # of everybody in the tests
F = TypeVar("F", bound=Callable[..., Any])
_present_apps: list[Flask] = []


@contextmanager
def present_app(app: Flask) -> Iterator[None]:
    """Let the functions below work in this application wherever no context is open."""
    _present_apps.append(app)
    try:
        yield
    finally:
        _present_apps.remove(app)


def in_app(function: F) -> F:
    """Call the function within the present application. Rows that it gives are detached: nothing expires them."""

    @wraps(function)
    def inside(*args: Any, **kwargs: Any) -> Any:
        if has_app_context():
            return _detached(function(*args, **kwargs))
        assert _present_apps, "use the fixture `app`, or open an application context"
        with _present_apps[-1].app_context():
            return _detached(function(*args, **kwargs))

    return inside  # type: ignore[return-value]


def _detached(result: Any) -> Any:
    if isinstance(result, Base) and result in db.session:
        db.session.expunge(result)
    return result


@in_app
def make_department(name: str, parent: Department | None = None) -> Department:
    return actions.create_department(None, name, parent.id if parent else None)


@in_app
def make_team(name: str) -> Team:
    return actions.create_team(None, name)


@in_app
def make_user(
    name: str,
    role: str = "requester",
    department: Department | None = None,
    email: str | None = "",
    password: str | None = PASSWORD,
    **more: Any,
) -> User:
    """A person. The address comes from the name unless given; None makes somebody without a mailbox.

    `more` goes into NewUser: team_id, locale, time_zone.
    """
    if email == "":
        email = f"{make_slug(name)}@helpdesk.example"
    new = NewUser(name, email, Role(role), department.id if department else None, password=password, **more)
    return actions.create_user(None, new)


@in_app
def make_service(name: str, *departments: Department, **more: Any) -> Service:
    """A service that these departments use. `more` goes into NewService: keywords, is_public, owner_team_id …"""
    new = NewService(name, department_ids=tuple(d.id for d in departments), **more)
    return catalog_actions.create_service(None, new)


@in_app
def viewer(user: User) -> Viewer:
    """The person as actions and queries know them, as they are now."""
    return queries.viewer_of(queries.get_user(user.id))


@in_app
def make_token(user: User, *scopes: str) -> str:
    """An API token with these scopes, by default all that the person's role allows."""
    return actions.make_token(None, user.id, "for a test", scopes or scopes_for(user.role))[1]


def api_headers(user: User, *scopes: str) -> dict[str, str]:
    """Headers of a program that acts for this person."""
    return {"Authorization": f"Bearer {make_token(user, *scopes)}"}


def csrf_token(client: FlaskClient, path: str = "") -> str:
    """The token for the header `X-CSRF-Token` or the field `csrf_token`.

    With a path it is what stands in the head of that page. Else the session gets it as it gets it from every page,
    without one being drawn.
    """
    if not path:
        with client.session_transaction() as kept, client.application.test_request_context():
            session.update(kept)
            token: str = generate_csrf()
            kept.update(session)
        return token
    answer = client.get(path)
    found = re.search(r'<meta name="csrf-token" content="([^"]+)"', answer.get_data(as_text=True))
    assert found, f"{path} has no token: {answer.status}"
    return found.group(1)


def sign_in(client: FlaskClient, user: User, password: str = PASSWORD) -> str:
    """Sign in as people do. The CSRF token of the new session."""
    form = {"csrf_token": csrf_token(client), "email": user.email, "password": password}
    answer = client.post("/sign-in", data=form)
    assert 300 <= answer.status_code < 400, answer.get_data(as_text=True)
    return csrf_token(client)


def session_cookie(user: User) -> tuple[str, str]:
    """Name and value of the cookie of somebody who has signed in, for browsers."""
    assert _present_apps, "use the fixture `app`"
    client = _present_apps[-1].test_client()
    sign_in(client, user)
    name = _present_apps[-1].config["SESSION_COOKIE_NAME"]
    cookie = client.get_cookie(name)
    assert cookie is not None
    return name, cookie.value


def post_form(client: FlaskClient, path: str, data: dict[str, Any] | None = None, **options: Any) -> Any:
    """Post a form with the CSRF token of the session."""
    return client.post(path, data={"csrf_token": csrf_token(client), **(data or {})}, **options)
