"""Signing in and out."""

from __future__ import annotations

from flask.testing import FlaskClient

from tests.factories import PASSWORD, csrf_token
from tests.fixtures import People


def test_people_sign_in_with_address_and_password(client: FlaskClient, people: People) -> None:
    """With the token that stands in each page; other tests take it from the session."""
    form = {"csrf_token": csrf_token(client, "/sign-in"), "email": people.ana.email, "password": PASSWORD}
    assert client.post("/sign-in", data=form).status_code == 302
    assert client.post("/sign-out", data={"csrf_token": csrf_token(client, "/profile")}).status_code == 302
    assert client.get("/profile").headers["Location"].startswith("/sign-in")
