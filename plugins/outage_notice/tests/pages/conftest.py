"""What tests of the pages start from: people who signed in, a service, and a form that may be sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.catalog.models import Service
from tests import factories
from tests.fixtures import People


@pytest.fixture
def vpn(app: Flask, people: People) -> Service:
    return factories.make_service("VPN", people.finance)


@pytest.fixture
def signed_in(app: Flask) -> Callable[[Any], FlaskClient]:
    """A browser of their own for each person."""

    def make(user: Any) -> FlaskClient:
        client = app.test_client()
        factories.sign_in(client, user)
        return client

    return make


@pytest.fixture
def fields(people: People, vpn: Service) -> Callable[..., dict[str, Any]]:
    """An incident for Finance as the composer sends it; keyword arguments replace fields (underscores for dashes)."""

    def make(**changes: Any) -> dict[str, Any]:
        form: dict[str, Any] = {
            "kind": "incident",
            "severity": "2",
            "locale": "en",
            "title": "VPN is down for Finance",
            "description": "You can't connect.",
            "workaround": "Use the browser.",
            "services": [str(vpn.id)],
            "services-effect": ["major_outage"],
            "audience": [f"department:{people.finance.id}"],
            "when": "now",
            "time_zone": "UTC",
            "next_update_at": "2026-03-12T09:30",
            "eta": "2026-03-12T11:00",
            "mention_in_automated_replies": "y",
            "repeat": "none",
            "seen": "audience.without_email",
            "do": "publish",
        }
        return form | changes

    return make
