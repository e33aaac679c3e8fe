"""Addresses for monitoring, and slots that plugins fill."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from helpdesk.core.database import db
from helpdesk.hooks.specs import Assets
from helpdesk.web import pages, queries
from tests.web.conftest import SECRET


def state(app: Flask) -> Any:
    return app.extensions["helpdesk"]


def test_process_answers(client: FlaskClient) -> None:
    assert json.loads(client.get("/healthz").text) == {"status": "ok"}


def test_ready_when_all_checks_pass(app: Flask, client: FlaskClient) -> None:
    state(app).health.clear()
    response = client.get("/readyz")
    assert response.status_code == 200
    assert json.loads(response.text) == {"status": "ready", "failing": []}


def test_not_ready_names_the_failing_checks_and_no_more(app: Flask, client: FlaskClient) -> None:
    def raises() -> str | None:
        raise RuntimeError(SECRET)

    state(app).health.clear()
    state(app).health.update(ticker=lambda: "last tick 9 s ago", mail=lambda: None, feed=raises)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert json.loads(response.text) == {"status": "not ready", "failing": ["ticker", "feed"]}
    assert SECRET not in response.text
    response = client.get("/readyz?exclude=ticker")
    assert (response.status_code, json.loads(response.text)["failing"]) == (503, ["feed"])


def test_a_balancer_may_do_without_a_check_but_not_without_the_database(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No process serves pages any worse because no worker runs."""
    state(app).health.clear()
    state(app).health.update(ticker=lambda: "no worker has given a sign of life")
    assert client.get("/readyz").status_code == 503
    response = client.get("/readyz?exclude=ticker")
    assert response.status_code == 200
    assert json.loads(response.text) == {"status": "ready", "failing": [], "degraded": ["ticker"]}

    def away() -> None:
        raise OperationalError("SELECT 1", {}, Exception("connection refused"))

    monkeypatch.setattr(queries, "_reach_database", away)
    assert client.get("/readyz?exclude=database&exclude=ticker").status_code == 503


def test_not_ready_with_an_old_schema_or_no_database(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    state(app).health.clear()
    with monkeypatch.context() as patch:
        patch.setattr("helpdesk.core.migrations.is_current", lambda: False)
        assert json.loads(client.get("/readyz").text)["failing"] == ["migrations"]

    def away() -> None:
        raise OperationalError("SELECT 1", {}, Exception("connection refused"))

    monkeypatch.setattr(queries, "_reach_database", away)
    assert json.loads(client.get("/readyz").text)["failing"] == ["database"]


def test_database_that_is_away_is_503_everywhere(app: Flask, client: FlaskClient) -> None:
    @app.before_request
    def away() -> None:
        raise OperationalError(SECRET, {}, Exception("connection refused"))

    response = client.get("/things/open")
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "2"
    assert SECRET not in response.text


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("10.0.0.7", {}, 200),
        ("93.184.216.34", {}, 404),
        ("::ffff:10.0.0.7", {}, 200),
        ("::ffff:93.184.216.34", {}, 404),  # which Python calls private
        ("nobody", {}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "93.184.216.34"}, 404),
    ],
)
def test_figures_are_for_direct_private_peers(
    client: FlaskClient, address: str, headers: dict[str, str], status: int
) -> None:
    client.get("/healthz")
    response = client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address})
    assert response.status_code == status
    assert ("helpdesk_http_requests_total" in response.text) == (status == 200)


def test_robots_and_icon(client: FlaskClient) -> None:
    assert "Disallow: /" in client.get("/robots.txt").text
    icon = client.get("/favicon.ico")
    assert icon.mimetype == "image/svg+xml"
    icon.close()


def test_slots_join_what_plugins_give(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def collect(hook: str, **arguments: Any) -> list[Any]:
        asked.append(arguments)
        return {"page_slot": ["<b>1</b>", "", "<i>2</i>"], "page_assets": [Assets(("/a.js",)), Assets(("/a.js",))]}[
            hook
        ]

    monkeypatch.setattr(state(app).plugins, "collect", collect)
    with app.test_request_context():
        assert str(pages.page_slot("ticket_header", ticket_id=3)) == "<b>1</b><i>2</i>"
        assert asked[0]["context"] == {"ticket_id": 3}
        assert asked[0]["now"] == state(app).clock.now()
        assert pages.page_assets().scripts == ("/a.js",)
        with pytest.raises(ValueError, match="no such slot"):
            pages.page_slot("sidebar")


def test_session_is_cleaned_after_readiness(app: Flask, client: FlaskClient) -> None:
    client.get("/readyz")
    with app.app_context():
        assert not db.session().in_transaction()
