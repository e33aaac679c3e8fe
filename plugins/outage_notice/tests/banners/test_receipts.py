"""Receipts by HTTP: who may do what with which banner."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.core.clock import FixedClock
from helpdesk.core.errors import Invalid
from plugins.outage_notice.announcements.actions import fire_due_steps
from plugins.outage_notice.announcements.rules import Kind
from plugins.outage_notice.banners.sockets import receipt
from plugins.outage_notice.tests.announcing import department, publish
from tests import factories
from tests.fixtures import People

RECEIPTS = "/api/v1/me/receipts"


def banner(client: FlaskClient, headers: dict[str, str]) -> dict[str, Any]:
    answer = client.get("/api/v1/me/board", headers=headers)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json["banners"][0]
    return found


def test_hiding_is_on_the_board_at_once(client: FlaskClient, people: People) -> None:
    publish(people.teresa, department(people.finance))
    ana = factories.api_headers(people.ana)
    shown = banner(client, ana)
    body = {"id": shown["id"], "version": shown["version"], "what": "hidden"}
    assert client.post(RECEIPTS, json=body, headers=ana).json == {"ok": True}
    after = banner(client, ana)
    assert after["receipt"]["hidden"] is True
    assert after["version"] > shown["version"]
    assert client.post(RECEIPTS, json=body, headers=ana).status_code == 200
    assert banner(client, ana)["version"] == after["version"]


def test_a_critical_one_cannot_be_hidden_or_put_off_even_by_hand(client: FlaskClient, people: People) -> None:
    publish(people.teresa, department(people.finance), severity=1)
    ana = factories.api_headers(people.ana)
    shown = banner(client, ana)
    for what in ("hidden", "snoozed"):
        body = {"id": shown["id"], "version": shown["version"], "what": what}
        assert client.post(RECEIPTS, json=body, headers=ana).status_code == 409
    assert banner(client, ana)["receipt"]["hidden"] is False


def test_a_critical_maintenance_that_was_confirmed_is_unread_again_before_its_start(
    client: FlaskClient, people: People, clock: FixedClock
) -> None:
    start = clock.now() + timedelta(hours=1)
    fields: dict[str, Any] = {"kind": Kind.maintenance, "severity": 1, "must_confirm": True}
    publish(
        people.teresa, department(people.finance), **fields, starts_at=start, planned_end_at=start + timedelta(hours=1)
    )
    ana = factories.api_headers(people.ana)
    for moment in (clock.now(), start - timedelta(minutes=15)):
        clock.set(moment)
        factories.in_app(fire_due_steps)(moment)
        shown = banner(client, ana)
        assert shown["receipt"]["read"] is False
        body = {"id": shown["id"], "version": shown["version"], "what": "read"}
        assert client.post(RECEIPTS, json=body, headers=ana).status_code == 200
        assert banner(client, ana)["receipt"]["read"] is True
    clock.set(start)
    factories.in_app(fire_due_steps)(start)
    assert banner(client, ana)["receipt"]["read"] is True


def test_nobody_can_receipt_what_is_not_on_their_board(client: FlaskClient, people: People) -> None:
    """X3: a foreign announcement and one that does not exist look the same."""
    published = publish(people.teresa, department(people.finance))
    bruno = factories.api_headers(people.bruno)
    answers = [
        client.post(RECEIPTS, json={"id": i, "version": 1, "what": "read"}, headers=bruno)
        for i in (published.id, 987654)
    ]
    assert [a.status_code for a in answers] == [404, 404]
    assert answers[0].json["detail"] == answers[1].json["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"version": 1, "what": "read"}, "id"),
        ({"id": "x", "version": 1, "what": "read"}, "id"),
        ({"id": "1", "version": 1, "what": "read"}, "id"),
        ({"id": True, "version": 1, "what": "read"}, "id"),
        ({"id": 10**30, "version": 1, "what": "read"}, "id"),
        ({"id": 1, "version": -1, "what": "read"}, "version"),
        ({"id": 1, "version": 1, "what": "<script>"}, "what"),
        ({"id": 1, "version": 1, "what": "read", "more": 1}, "more"),
        ({"id": 1, "version": 1, "what": "snoozed", "minutes": 0}, "minutes"),
    ],
)
def test_bad_input_is_named_at_its_field(client: FlaskClient, people: People, body: dict[str, Any], field: str) -> None:
    answer = client.post(RECEIPTS, json=body, headers=factories.api_headers(people.ana))
    assert answer.status_code == 422
    assert field in answer.json["errors"]


def test_over_the_socket_too_what_is_wrong_is_said_in_our_words(app: Flask, people: People) -> None:
    with app.test_request_context(), pytest.raises(Invalid) as error:
        receipt(factories.viewer(people.ana), {"version": 1, "what": "drawn"})
    assert error.value.fields["id"] == ["This is required."]
    assert str(error.value.fields["what"][0]).startswith("Choose one of delivered, ")


def test_reach_counts_people_in_all_and_by_department(client: FlaskClient, people: People) -> None:
    for n in range(5):
        factories.make_user(f"Person {n}", department=people.finance)
    published = publish(people.teresa, department(people.finance))
    ana = factories.api_headers(people.ana)
    shown = banner(client, ana)
    for what in ("delivered", "seen", "read", "affected"):
        client.post(RECEIPTS, json={"id": shown["id"], "version": shown["version"], "what": what}, headers=ana)
    url = f"/api/v1/announcements/{published.id}/reach"
    answer = client.get(url, headers=factories.api_headers(people.teresa)).json
    counts = {"targeted": 6, "delivered": 1, "seen": 1, "read": 1, "affected": 1, "online": 0}
    assert {name: answer[name] for name in counts} == counts
    assert [(d["name"], d["counts"]) for d in answer["departments"]] == [("Finance", counts)]


def test_requesters_cannot_ask_for_the_reach(client: FlaskClient, people: People) -> None:
    published = publish(people.teresa, department(people.finance))
    answer = client.get(f"/api/v1/announcements/{published.id}/reach", headers=factories.api_headers(people.ana))
    assert answer.status_code in (403, 404)


def test_small_departments_cannot_be_worked_out_from_the_total(client: FlaskClient, people: People) -> None:
    for n in range(5):
        factories.make_user(f"Person {n}", department=people.finance)
    for n in range(7):
        factories.make_user(f"Seller {n}", department=people.commerce)
    published = publish(people.teresa, department(people.finance), department(people.commerce))
    url = f"/api/v1/announcements/{published.id}/reach"
    answer = client.get(url, headers=factories.api_headers(people.teresa)).json
    shown = {d["name"]: d["counts"] is not None for d in answer["departments"]}
    assert shown == {"Commerce": True, "Finance": False, "Sales": False}  # Sales is Bruno alone


def test_a_page_without_a_socket_learns_why_a_notice_is_gone(client: FlaskClient, people: People) -> None:
    from plugins.outage_notice.announcements import actions
    from plugins.outage_notice.tests.banners.test_boards import act

    published = publish(people.teresa, department(people.finance))
    ana, bruno = factories.api_headers(people.ana), factories.api_headers(people.bruno)
    shown = banner(client, ana)
    client.post(RECEIPTS, json={"id": shown["id"], "version": shown["version"], "what": "delivered"}, headers=ana)
    act(actions.resolve, people.teresa, published.id, "It works again.")
    url = f"/api/v1/me/endings?ids={published.id},987654"
    (ending,) = client.get(url, headers=ana).json["items"]
    assert (ending["id"], ending["reason"]) == (published.id, "resolved")
    assert client.get(url, headers=bruno).json["items"] == []
    assert client.get("/api/v1/me/endings?ids=1;2", headers=ana).status_code == 422
