"""The tickets of an outage by the API."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from helpdesk.catalog.models import Service
from helpdesk.tickets.rules import Waiting
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.tests.outages.conftest import Settle, link_of, open_ticket, reload
from tests.factories import api_headers
from tests.fixtures import People


def test_listing_linking_and_unlinking(
    client: FlaskClient, people: People, vpn: Service, outage: Announcement, settle: Settle
) -> None:
    path, headers = f"/api/v1/announcements/{outage.id}/tickets", api_headers(people.carla)
    mine, by_hand = open_ticket(people.ana, vpn), open_ticket(people.ana, subject="Something")
    foreign = open_ticket(people.bruno)
    settle()
    answer = client.post(path, json={"numbers": [by_hand.number, foreign.number]}, headers=headers)
    assert answer.status_code == 200
    results = answer.json["items"]
    assert [r["error"] is None for r in results] == [True, False]
    assert reload(by_hand).waiting_on is Waiting.outage
    first = client.get(f"{path}?limit=1", headers=headers).json
    second = client.get(f"{path}?limit=1&cursor={first['next']}", headers=headers).json
    found = {t["number"]: t for t in (*first["items"], *second["items"])}
    assert found.keys() == {mine.number, by_hand.number}
    assert second["next"] is None
    assert (found[mine.number]["how"], found[mine.number]["by"]) == ("rule", "service")
    assert found[by_hand.number]["linked_by"] == people.carla.name
    assert found[mine.number]["requester"] == {"id": people.ana.id, "name": people.ana.name}
    assert found[mine.number]["needs_person"] is False
    query = f"?number={mine.number}&number={by_hand.number}"
    assert client.delete(path + query, headers=headers).json["items"][0] == {"number": mine.number, "error": None}
    assert link_of(mine) is None
    assert client.get(path, headers=headers).json["items"] == []


@pytest.mark.parametrize("body", [{}, {"numbers": []}, {"numbers": ["x"]}, {"numbers": [0]}, {"number": [1]}])
def test_bad_bodies_are_refused(client: FlaskClient, people: People, outage: Announcement, body: Any) -> None:
    path = f"/api/v1/announcements/{outage.id}/tickets"
    assert client.post(path, json=body, headers=api_headers(people.carla)).status_code == 422
    for query in ("", "?number=x", "?number=-1"):
        assert client.delete(path + query, headers=api_headers(people.carla)).status_code == 422


def test_who_may(client: FlaskClient, people: People, vpn: Service, outage: Announcement, settle: Settle) -> None:
    ticket, path = open_ticket(people.ana, vpn), f"/api/v1/announcements/{outage.id}/tickets"
    settle()
    body = {"numbers": [ticket.number]}
    for user, status in ((people.ana, 403), (people.carla, 200), (people.teresa, 200), (people.adam, 200)):
        headers = api_headers(user)
        assert client.get(path, headers=headers).status_code == status
        assert client.post(path, json=body, headers=headers).status_code == status
    reading = api_headers(people.carla, "tickets:read")
    assert client.get(path, headers=reading).status_code == 200
    assert client.post(path, json=body, headers=reading).status_code == 403
    assert client.delete(f"{path}?number={ticket.number}", headers=reading).status_code == 403
    assert client.get(path).status_code == 401
    assert client.get("/api/v1/announcements/999999/tickets", headers=reading).status_code == 404
    assert link_of(ticket) is not None
