"""`/api/v1/announcements` through the client: who may, what it says, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.tests.announcements.conftest import Cast
from tests import factories

URL = "/api/v1/announcements"


@pytest.fixture
def as_teresa(cast: Cast) -> dict[str, str]:
    return factories.api_headers(cast.rows.teresa)


@pytest.fixture
def body(cast: Cast) -> dict[str, Any]:
    return {
        "kind": "incident",
        "severity": 2,
        "title": "VPN is down",
        "description": "You can't connect.",
        "workaround": "Use web mail.",
        "translations": {"es": {"title": "La VPN no funciona"}},
        "services": [{"id": cast.vpn.id, "effect": "major_outage"}],
        "audience": [{"kind": "department", "id": cast.rows.finance.id}],
        "next_update_at": "2026-03-12T09:30:00Z",
        "eta": None,
    }


def test_from_draft_to_resolved(
    client: FlaskClient, cast: Cast, as_teresa: dict[str, str], body: dict[str, Any]
) -> None:
    made = client.post(URL, json=body, headers=as_teresa)
    assert made.status_code == 201
    draft = made.get_json()
    where = f"{URL}/{draft['id']}"
    assert (draft["phase"], draft["status"], draft["revision"]) == ("draft", "draft", 1)
    assert made.headers["ETag"] == '"1"'
    assert draft["services"][0]["effect"] == "major_outage"
    assert draft["translations"]["es"]["title"] == "La VPN no funciona"
    assert draft["notice_plan"] is None  # the usual one
    plan = [{"what": "mail", "of": "start", "minutes_before": 0}, {"what": "mail", "of": "end", "minutes_before": 0}]
    assert client.patch(where, json={"notice_plan": plan}, headers=as_teresa).get_json()["notice_plan"] == plan
    early = {"notice_plan": [{"what": "mail", "of": "end", "minutes_before": 30}]}
    refused = client.patch(where, json=early, headers=as_teresa)
    assert (refused.status_code, [*refused.get_json()["errors"]]) == (422, ["notice_plan"])
    published = client.post(f"{where}/publish", json={}, headers=as_teresa).get_json()
    assert (published["phase"], published["status"], published["shown"]) == ("active", "investigating", True)
    update = {"text": "A certificate has expired.", "status": "identified", "eta": "2026-03-12T11:00:00Z"}
    said = client.post(f"{where}/update", json=update, headers=as_teresa)
    assert (said.status_code, said.get_json()["public"]) == (201, True)
    assert client.post(f"{where}/publish", json={}, headers=as_teresa).status_code == 409
    worse: dict[str, Any] = {"severity": 1, "audience": [{"kind": "everyone"}]}
    refused = client.patch(where, json=worse, headers=as_teresa)
    assert (refused.status_code, [*refused.get_json()["errors"]]) == (422, ["confirmed_people"])
    typed = client.patch(where, json=worse | {"confirmed_people": 6}, headers=as_teresa)
    assert (typed.status_code, typed.get_json()["severity"]) == (200, 1)
    note = client.post(f"{where}/update", json={"text": "Node 3 restarted.", "public": False}, headers=as_teresa)
    assert note.status_code == 201
    resolved = client.post(f"{where}/resolve", json={"text": "It works again."}, headers=as_teresa).get_json()
    assert (resolved["phase"], resolved["status"]) == ("over", "resolved")
    for headers in (as_teresa, factories.api_headers(cast.rows.carla)):  # the team's notes are for all staff
        kinds = [e["kind"] for e in client.get(f"{where}/timeline", headers=headers).get_json()["items"]]
        assert kinds == ["created", "published", "updated", "edited", "noted", "resolved"]
    first = client.get(f"{where}/timeline?limit=4", headers=as_teresa).get_json()
    rest = client.get(f"{where}/timeline?limit=4&cursor={first['next']}", headers=as_teresa).get_json()
    assert ([e["kind"] for e in first["items"] + rest["items"]], rest["next"]) == (kinds, None)
    assert client.get(f"{where}/timeline?limit=0", headers=as_teresa).status_code == 422
    past = client.get(f"{URL}?tab=past", headers=as_teresa).get_json()
    assert [item["id"] for item in past["items"]] == [draft["id"]]
    assert client.get(URL, headers=as_teresa).get_json() == {"items": [], "next": None}


BAD_BODIES: list[tuple[dict[str, Any], str]] = [
    ({"title": "x" * 201}, "title"),
    ({"title": 7}, "title"),
    ({"title": "a\x00b"}, "title"),
    ({"kind": "party"}, "kind"),
    ({"severity": 0}, "severity"),
    ({"severity": "loud"}, "severity"),
    ({"severity": "2"}, "severity"),
    ({"severity": True}, "severity"),
    ({"title": "One\nTwo"}, "title"),
    ({"title": "Mail is \u202enwod"}, "title"),
    ({"translations": {"xx": {"title": "x"}}}, "translations"),
    ({"must_confirm": "yes"}, "must_confirm"),
    ({"starts_at": 1790000000}, "starts_at"),
    ({"starts_at": "yesterday"}, "starts_at"),
    ({"starts_at": "1234567890"}, "starts_at"),
    ({"eta": "1893456000.5"}, "eta"),
    ({"starts_at": "0001-01-01T00:00:00Z"}, "starts_at"),
    ({"starts_at": "9999-12-31T23:59:59-12:00"}, "starts_at"),
    ({"time_zone": "Mars/Olympus"}, "time_zone"),
    ({"recurrence": "FREQ=SECONDLY"}, "recurrence"),
    ({"audience": [{"kind": "department", "id": 999999}]}, "audience"),
    ({"audience": [{"kind": "role", "id": "boss"}]}, "audience"),
    ({"services": [{"id": 999999}]}, "services"),
    ({"surprise": True}, "surprise"),
    ({"owner_id": 999999}, "owner_id"),
]


@pytest.mark.parametrize(("change", "field"), BAD_BODIES)
def test_bad_input_is_named_and_changes_nothing(
    client: FlaskClient, as_teresa: dict[str, str], body: dict[str, Any], change: dict[str, Any], field: str
) -> None:
    answer = client.post(URL, json=body | change, headers=as_teresa)
    assert answer.status_code == 422
    assert answer.content_type.startswith("application/problem+json")
    assert any(name.split(".")[0] == field for name in answer.get_json()["errors"])
    assert client.get(f"{URL}?tab=drafts", headers=as_teresa).get_json()["items"] == []


def test_a_stale_patch_is_412(client: FlaskClient, as_teresa: dict[str, str], body: dict[str, Any]) -> None:
    where = f"{URL}/{client.post(URL, json=body, headers=as_teresa).get_json()['id']}"
    first = client.patch(where, json={"title": "First"}, headers=as_teresa | {"If-Match": '"1"'})
    assert (first.status_code, first.headers["ETag"]) == (200, '"2"')
    assert client.patch(where, json={"title": "Late"}, headers=as_teresa | {"If-Match": '"1"'}).status_code == 412
    assert client.get(where, headers=as_teresa).get_json()["title"] == "First"
    assert client.delete(where, headers=as_teresa).status_code == 204
    assert client.get(where, headers=as_teresa).status_code == 404


def test_a_repeated_patch_or_delete_with_a_key_answers_as_the_first(
    client: FlaskClient, as_teresa: dict[str, str], body: dict[str, Any]
) -> None:
    where = f"{URL}/{client.post(URL, json=body, headers=as_teresa).get_json()['id']}"
    patching = as_teresa | {"If-Match": '"1"', "Idempotency-Key": "patch"}
    for _time in range(2):
        answer = client.patch(where, json={"title": "First"}, headers=patching)
        assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    for _time in range(2):
        assert client.delete(where, headers=as_teresa | {"Idempotency-Key": "delete"}).status_code == 204


def test_publishing_with_errors_names_them(
    client: FlaskClient, as_teresa: dict[str, str], body: dict[str, Any]
) -> None:
    made = client.post(URL, json=body | {"audience": [], "next_update_at": None}, headers=as_teresa).get_json()
    answer = client.post(f"{URL}/{made['id']}/publish", json={}, headers=as_teresa)
    assert answer.status_code == 422
    assert {"audience", "next_update_at"} <= answer.get_json()["errors"].keys()


def test_who_may(client: FlaskClient, cast: Cast, published: Callable[..., Announcement], body: dict[str, Any]) -> None:
    record, hidden = published(), None
    teresa = factories.api_headers(cast.rows.teresa)
    hidden = client.post(URL, json=body, headers=teresa).get_json()["id"]
    carla, ana = factories.api_headers(cast.rows.carla), factories.api_headers(cast.rows.ana)
    assert client.get(f"{URL}/{record.id}", headers=carla).status_code == 200
    assert client.get(f"{URL}/{hidden}", headers=carla).status_code == 404
    assert client.get(f"{URL}?tab=drafts", headers=carla).status_code == 403
    assert client.get(f"{URL}/{record.id}", headers=ana).status_code == 403
    assert client.get(URL, headers=ana).status_code == 403
    assert client.get(URL).status_code == 401
    for headers in (carla, ana):
        assert client.post(URL, json=body, headers=headers).status_code == 403
        for act in ("publish", "update", "resolve", "cancel", "withdraw", "reopen"):
            answer = client.post(f"{URL}/{record.id}/{act}", json={"text": "x"}, headers=headers)
            assert answer.status_code == 403, act
        assert client.patch(f"{URL}/{record.id}", json={"title": "x"}, headers=headers).status_code == 403
        assert client.delete(f"{URL}/{record.id}", headers=headers).status_code == 403


def test_the_forecast_counts_people_once(client: FlaskClient, cast: Cast, as_teresa: dict[str, str]) -> None:
    audience = [
        {"kind": "department", "id": cast.rows.administration.id},
        {"kind": "requester", "id": cast.ana.id},
        {"kind": "requester", "id": cast.bruno.id},
    ]
    answer = client.post(f"{URL}/forecast", json={"audience": audience}, headers=as_teresa).get_json()
    assert (answer["people"], answer["total"], answer["without_email"]) == (6, 6, 0)
    assert [r["name"] for r in answer["requesters"]] == ["Ana", "Bruno"]
    assert client.post(f"{URL}/forecast", json={"audience": []}, headers=as_teresa).get_json()["people"] == 0


@pytest.mark.parametrize("announcement_id", [0, 999999, 2**31, 2**70])
def test_ids_that_name_nothing(client: FlaskClient, as_teresa: dict[str, str], announcement_id: int) -> None:
    where = f"{URL}/{announcement_id}"
    assert client.get(where, headers=as_teresa).status_code == 404
    assert client.patch(where, json={"title": "x"}, headers=as_teresa).status_code == 404
    assert client.post(f"{where}/publish", json={}, headers=as_teresa).status_code == 404
