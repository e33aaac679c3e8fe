"""Signing in and out."""

from __future__ import annotations

from flask.testing import FlaskClient

from tests.factories import sign_in
from tests.fixtures import People


def test_people_sign_in_with_address_and_password(client: FlaskClient, people: People) -> None:
    assert sign_in(client, people.ana)
