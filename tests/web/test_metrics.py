"""What /metrics offers, and ids that follow a request into the outbox, jobs and sockets."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import structlog
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select

from helpdesk.core import feed, outbox
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db, transaction
from helpdesk.core.outbox import OutboxRow
from helpdesk.hooks.specs import Job
from helpdesk.realtime.front import Front
from helpdesk.realtime.live import live_of
from helpdesk.scheduling.relay import Relay
from helpdesk.scheduling.ticker import Ticker
from tests import factories
from tests.listening import Listener, look_at_feed


def figures(client: FlaskClient) -> dict[str, float]:
    """Every sample of /metrics by its name and labels."""
    text = client.get("/metrics").text
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def test_the_outbox_says_how_much_waits_how_long_and_whether_it_is_paused(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    with app.app_context(), transaction() as session:
        outbox.send("mail", "ana@helpdesk.example", {}, event_id="1")
        outbox.send("mail", "ana@helpdesk.example", {}, event_id="2", due_at=clock.now() + timedelta(hours=1))
        session.add(outbox.OutboxHold(id=1, since=clock.now(), reason="a backup was restored"))
    clock.advance(seconds=90)
    found = figures(client)
    assert found["helpdesk_outbox_waiting"] == 1
    assert found["helpdesk_outbox_oldest_seconds"] == 90
    assert found["helpdesk_outbox_later"] == 1
    assert found["helpdesk_outbox_dead"] == 0
    assert found["helpdesk_outbox_paused"] == 1
    assert found["helpdesk_check_failing{check=outbox,kind=degraded}"] == 1


def test_connections_and_the_way_of_a_change_to_the_screens(app: Flask, client: FlaskClient) -> None:
    listener = Listener(app, factories.make_user("Ana"))
    assert listener.connect()
    look_at_feed(app)
    before = figures(client)["helpdesk_publish_seconds_count"]
    with app.app_context(), transaction():
        feed.record("announcement", 1)
    look_at_feed(app)
    found = figures(client)
    assert found["helpdesk_connections"] == found["helpdesk_connected_people"] == 1
    assert found["helpdesk_publish_seconds_count"] == before + 1
    assert found["helpdesk_feed_seq"] == live_of(app).follower.head.seq  # type: ignore[union-attr]
    assert found["helpdesk_feed_age_seconds"] < 60


def test_a_figure_that_cannot_be_had_takes_no_other_with_it(app: Flask, client: FlaskClient) -> None:
    def fails() -> Any:
        raise RuntimeError("the database is away")

    app.extensions["helpdesk"].figures.insert(0, fails)
    found = figures(client)
    assert "helpdesk_outbox_waiting" in found
    assert any(name.startswith("helpdesk_http_requests_total") for name in found)


def test_an_effect_carries_the_id_of_its_request_into_logs_and_further_effects(app: Flask) -> None:
    seen: list[dict[str, Any]] = []

    def deliver(item: outbox.Item) -> None:
        seen.append(dict(structlog.contextvars.get_contextvars()))
        with transaction():
            outbox.send("other", "x", {}, event_id=item.event_id)

    app.extensions["helpdesk"].deliverers["mail"] = deliver
    with app.app_context():
        with structlog.contextvars.bound_contextvars(request_id="request-77"), transaction():
            outbox.send("mail", "ana@helpdesk.example", {}, event_id="1")
        relay = Relay(app)
        [item] = relay.lease()
        relay.perform(item)
        rows = dict(db.session.execute(select(OutboxRow.channel, OutboxRow.request_id)).all())
    assert seen == [{"request_id": "request-77", "effect": item.id}]
    assert rows == {"mail": "request-77", "other": "request-77"}
    assert structlog.contextvars.get_contextvars() == {}


def test_each_run_of_a_job_and_each_message_of_a_socket_has_an_id(app: Flask) -> None:
    seen: list[dict[str, Any]] = []

    def note(*_arguments: Any) -> int:
        seen.append(dict(structlog.contextvars.get_contextvars()))
        return 0

    state = app.extensions["helpdesk"]
    state.jobs[:] = [Job("test.note", note, 1)]
    Ticker(app).tick()
    listener = Listener(app, factories.make_user("Ana"))
    assert listener.connect()
    verb = state.socket_verbs["resync"]
    state.socket_verbs["resync"] = type(verb)("resync", lambda *_arguments: note() or None)
    assert listener.send("resync", {}) == {"ok": True}
    job, message = seen
    assert (job["job"], message["verb"]) == ("test.note", "resync")
    assert len({job["request_id"], message["request_id"]}) == 2


class Answer:
    """What a WSGI application answered."""

    def __init__(self, app: Any, path: str, **more: str) -> None:
        environ = {
            "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "x", "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http", "HTTP_HOST": "web-1:8000", **more,
        }  # fmt: skip
        self.status, self.headers = "", {}
        self.body = b"".join(app(environ, self._start))

    def _start(self, status: str, headers: list[tuple[str, str]], *_more: Any) -> None:
        self.status, self.headers = status[:3], dict(headers)


def test_who_leaves_turns_red_refuses_sockets_and_keeps_no_connection(app: Flask) -> None:
    """Pages are still served, so that nobody sees the end of the process."""
    app.config["TRUSTED_HOSTS"] = ["help.example.org", "localhost"]
    app.extensions["helpdesk"].health.clear()
    front = Front(app)
    listener = Listener(app, factories.make_user("Ana"))
    assert listener.connect()
    assert Answer(front, "/readyz", REMOTE_ADDR="10.0.0.7").status == "200"  # by the name of a container
    assert Answer(front, "/sign-in").status == "400"
    began = time.monotonic()
    front.leave(0.3)
    assert 0.3 <= time.monotonic() - began < 3
    assert Answer(front, "/readyz").status == "503"
    page = Answer(front, "/sign-in", HTTP_HOST="help.example.org")
    assert (page.status, page.headers["Connection"]) == ("200", "close")
    refused = Answer(front, "/socket.io/", HTTP_HOST="help.example.org")
    assert (refused.status, refused.headers["Retry-After"]) == ("503", "1")
