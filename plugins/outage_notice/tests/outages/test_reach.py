"""What mails and tickets tell of an outage counts in its reach: each person once, and alike wherever it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from flask import Flask

from helpdesk.accounts.models import User
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db
from plugins.outage_notice.announcements import actions as announcing
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.banners.queries.reach import reach_message
from plugins.outage_notice.outages import actions
from plugins.outage_notice.reviews.actions import keep_grown_reach
from plugins.outage_notice.reviews.queries.facts import review_facts
from plugins.outage_notice.tests.announcing import department, publish
from plugins.outage_notice.tests.outages.conftest import Settle, act, mails, open_ticket
from tests import databases, factories
from tests.fixtures import People
from tests.servers import free_port


@pytest.fixture
def app(make_app: Any, database_url: str, tmp_path: Path, clock: FixedClock) -> Iterator[Flask]:
    """The program with a mail server that accepts everything."""
    controller = Controller(Sink(), hostname="127.0.0.1", port=free_port())
    controller.start()
    url = f"smtp://127.0.0.1:{controller.port}"
    yield make_app(databases.make_settings(database_url, tmp_path / "i", smtp_url=url), clock)
    controller.stop()


@pytest.fixture
def outage(app: Flask, people: People) -> Announcement:
    vpn = factories.make_service("VPN", people.town_hall)
    return publish(people.teresa, department(people.finance), services=(vpn,), keywords="gateway")


class Told:
    """How many people had the outage delivered and seen it, which all places must say alike."""

    def __init__(self, app: Flask, people: People, outage: Announcement) -> None:
        self.app, self.teresa, self.outage = app, people.teresa, outage

    def __call__(self) -> tuple[int, int]:
        self.app.extensions.pop("outage_notice_reach", None)  # on a slow machine a former answer would be given again
        asked = self.app.test_client().get(
            f"/api/v1/announcements/{self.outage.id}/reach", headers=factories.api_headers(self.teresa)
        )
        page = self.app.test_client()
        factories.sign_in(page, self.teresa)
        drawn = page.get(f"/announcements/{self.outage.id}/reach").get_data(as_text=True)
        with self.app.app_context():
            live = reach_message(self.outage.id)
        found = {(asked.json["delivered"], asked.json["seen"]), (live["delivered"], live["seen"])}
        if found != {(0, 0)}:
            assert f"delivered to {live['delivered']} of {live['targeted']}, seen by {live['seen']}" in drawn
        (counted,) = found
        return counted


def receipt(app: Flask, user: User, outage: Announcement, what: str) -> int:
    body = {"id": outage.id, "version": 0, "what": what}
    return app.test_client().post("/api/v1/me/receipts", json=body, headers=factories.api_headers(user)).status_code


def marks(app: Flask, user: User, number: int) -> bool:
    client = app.test_client()
    factories.sign_in(client, user)
    return "data-told-of=" in client.get(f"/tickets/{number}").get_data(as_text=True)


@pytest.mark.both_databases
def test_accepted_mail_is_delivered_and_an_opened_reply_is_seen(
    app: Flask, people: People, outage: Announcement, settle: Settle, clock: FixedClock
) -> None:
    cora, told = factories.make_user("Cora", "requester", people.finance), Told(app, people, outage)
    quiet = open_ticket(people.ana, None, "Holidays")
    settle()
    assert told() == (0, 0)
    number = open_ticket(people.ana, None, "The gateway does not answer").number
    settle()
    assert told() == (1, 0)  # the automated reply told Ana by mail
    assert receipt(app, people.ana, outage, "delivered") == 200
    assert told() == (1, 0)  # that her screen did too makes nobody new
    assert (marks(app, people.ana, number), marks(app, people.ana, quiet.number)) == (True, False)

    act(actions.follow, cora, outage.id)
    act(announcing.resolve, people.teresa, outage.id, "It works.")
    settle()
    clock.advance(minutes=3)
    settle()
    settle()
    assert mails(app, cora, "Over:")
    assert told() == (2, 0)
    assert receipt(app, people.ana, outage, "seen") == 200  # her ticket tells of it, though it is over
    assert [receipt(app, one, outage, "seen") for one in (cora, people.bruno)] == [404, 404]
    assert receipt(app, people.ana, outage, "read") == 404
    assert told() == (2, 1)

    factories.in_app(keep_grown_reach)(clock.now())
    with app.app_context():
        record = db.session.get_one(Announcement, outage.id)
        kept = review_facts(factories.viewer(people.teresa), record, clock.now())
    assert kept.is_reach_kept
    assert kept.reach is not None
    assert (kept.reach.delivered, kept.reach.seen) == told()
    assert factories.in_app(keep_grown_reach)(clock.now()) == 0  # nothing has grown since
