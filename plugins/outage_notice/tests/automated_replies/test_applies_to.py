"""What a telephone system or a bot asks before it says that all is well."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient

from helpdesk.core.clock import FixedClock
from plugins.outage_notice.announcements.rules import Texts
from plugins.outage_notice.tests.announcing import department, publish
from tests import factories
from tests.fixtures import People

URL = "/api/v1/applies-to"


def test_a_service_is_named_by_its_id_or_its_slug(app: Flask, client: FlaskClient, people: People) -> None:
    vpn = factories.make_service("VPN", people.town_hall)
    outage = publish(people.teresa, department(people.finance), services=(vpn,))
    carla = factories.api_headers(people.carla)
    for name in (vpn.id, vpn.slug):
        answer = client.get(f"{URL}?requester={people.ana.id}&service={name}", headers=carla)
        assert [item["id"] for item in answer.json["items"]] == [outage.id]
    for name in (vpn.id + 999, "no-such-service"):
        assert client.get(f"{URL}?service={name}", headers=carla).status_code == 404


def test_a_time_that_has_passed_is_no_promise_any_more(client: FlaskClient, people: People, clock: FixedClock) -> None:
    vpn = factories.make_service("VPN", people.town_hall)
    soon, later = clock.now() + timedelta(minutes=20), clock.now() + timedelta(minutes=40)
    publish(people.teresa, department(people.finance), services=(vpn,), next_update_at=soon, eta=later)
    for minutes, promised in ((0, (True, True)), (21, (False, True)), (20, (False, False))):
        clock.advance(minutes=minutes)
        (item,) = client.get(f"{URL}?service={vpn.id}", headers=factories.api_headers(people.ana)).json["items"]
        assert (item["next_update_at"] is not None, item["eta"] is not None) == promised


def test_a_translation_is_complete_for_those_who_read_it_out(client: FlaskClient, people: People) -> None:
    vpn = factories.make_service("VPN", people.town_hall)
    half = {"es": Texts(title="La VPN no funciona")}
    publish(
        people.teresa, department(people.finance), services=(vpn,), workaround="Use the browser.", translations=half
    )
    answer = client.get(f"{URL}?service={vpn.id}", headers=factories.api_headers(people.ana))
    spanish = answer.json["items"][0]["texts"]["es"]
    assert (spanish["title"], spanish["workaround"]) == ("La VPN no funciona", "Use the browser.")
