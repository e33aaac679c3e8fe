"""An agent may not declare an outage: "Tell a technician" calls those who may, once, and shows who has it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.audit.models import AuditEntry
from helpdesk.catalog.models import Service
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db
from helpdesk.core.errors import Conflict, NotFound
from plugins.outage_notice.announcements.models import TimelineEntry
from plugins.outage_notice.outages.actions import surges as actions
from plugins.outage_notice.outages.actions.surge_calls import answer_surge_call, call_technicians
from plugins.outage_notice.tests.outages.conftest import Settle, act, mails
from plugins.outage_notice.tests.surge.conftest import Crowd, surges
from tests import databases, factories
from tests.channels.receiver import Receiver
from tests.fixtures import People

SignedIn = Callable[[object], FlaskClient]


@pytest.fixture
def app(make_app: Any, database_url: str, tmp_path: Path, clock: FixedClock, receiver: Receiver) -> Flask:
    made: Flask = make_app(databases.make_settings(database_url, tmp_path / "i", notify_urls=receiver.address), clock)
    return made


def test_tell_a_technician(
    app: Flask,
    people: People,
    vpn: Service,
    crowd: Crowd,
    settle: Settle,
    signed_in: SignedIn,
    receiver: Receiver,
    clock: FixedClock,
) -> None:
    crowd(8, vpn)
    [surge] = surges(app)
    carla, teresa, tomas = (signed_in(person) for person in (people.carla, people.teresa, people.tomas))
    page = carla.get("/tickets").text
    assert "Tell a technician" in page
    assert "Declare an outage</button>" not in page
    assert "Tell a technician" not in teresa.get("/tickets").text

    said = factories.post_form(carla, f"/outages/surges/{surge.id}/call", follow_redirects=True).text
    assert "Called: Teresa, Tomas." in said
    assert "Carla called Teresa, Tomas. Nobody has it yet." in said
    assert "Tell a technician" not in said
    again = factories.post_form(carla, f"/outages/surges/{surge.id}/call", follow_redirects=True).text
    assert "Called already: Teresa, Tomas." in again
    settle()
    words = "8 tickets about VPN in 10 minutes"
    assert len(mails(app, people.teresa, words)) == len(mails(app, people.tomas, words)) == 1
    assert mails(app, people.adam, words) == mails(app, people.carla, words) == []
    [message] = receiver.messages
    assert message["title"] == words
    assert message["message"].startswith(f"Carla asks for a technician: {words}. Called: Teresa, Tomas.\nFirst: look")

    assert words in teresa.get("/outages/attention").text
    assert words not in carla.get("/outages/attention").text
    clock.advance(minutes=2)
    factories.post_form(teresa, f"/outages/surges/{surge.id}/answer")
    assert words not in tomas.get("/outages/attention").text  # one has it: nobody else needs to
    assert "Teresa has it since" in carla.get("/tickets").text
    with app.app_context():
        done = [e.action for e in db.session.query(AuditEntry).filter_by(object_kind="surge").order_by(AuditEntry.id)]
    assert done == ["surge.detected", "surge.called", "surge.call_answered"]

    draft = act(actions.declare, people.tomas, surge.id)
    with app.app_context():
        [entry] = db.session.query(TimelineEntry).filter_by(announcement_id=draft.id, kind="surge_called")
        assert (entry.data["by"], entry.data["names"], entry.data["has_it"]) == ("Carla", "Teresa, Tomas", "Teresa")
        assert not entry.is_public


def test_the_team_of_the_service_is_called_and_declaring_is_an_answer(
    app: Flask, people: People, crowd: Crowd, settle: Settle
) -> None:
    network = factories.make_team("Network")
    nina = factories.make_user("Nina", "technician", people.administration, team_id=network.id)
    service = factories.make_service("Wi-Fi", people.town_hall, owner_team_id=network.id)
    crowd(8, service)
    [surge] = surges(app)
    assert act(call_technicians, people.carla, surge.id) == ["Nina"]
    with pytest.raises(NotFound):
        act(answer_surge_call, people.teresa, surge.id)
    draft = act(actions.declare, nina, surge.id)
    with app.app_context():
        [entry] = db.session.query(TimelineEntry).filter_by(announcement_id=draft.id, kind="surge_called")
        assert entry.data["has_it"] == "Nina"


def test_what_is_settled_calls_nobody(app: Flask, people: People, vpn: Service, crowd: Crowd) -> None:
    crowd(8, vpn)
    [surge] = surges(app)
    with pytest.raises(NotFound):
        act(call_technicians, people.ana, surge.id)
    act(actions.silence, people.carla, surge.id)
    with pytest.raises(Conflict):
        act(call_technicians, people.carla, surge.id)
