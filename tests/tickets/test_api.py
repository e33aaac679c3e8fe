"""/api/v1/tickets through the client: shapes, rights, revisions, repeats and bad input."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import api_headers, make_service
from tests.fixtures import People

API = "/api/v1/tickets"
OWN_FIELDS = {  # what a requester's page shows, the number for If-Match and where the page is
    "number", "id", "subject", "status", "waiting_on", "service", "requester", "assignee", "created_at", "updated_at",
    "revision", "url",
}  # fmt: skip
FIELDS = OWN_FIELDS | {"priority", "team", "channel", "due_at"}


@pytest.fixture
def ana(people: People) -> dict[str, str]:
    return api_headers(people.ana)


@pytest.fixture
def carla(people: People) -> dict[str, str]:
    return api_headers(people.carla)


@pytest.fixture
def bruno(people: People) -> dict[str, str]:
    return api_headers(people.bruno)


def make(client: FlaskClient, headers: dict[str, str], **values: Any) -> dict[str, Any]:
    answer = client.post(API, json={"subject": "VPN", "body": "It says **no**."} | values, headers=headers)
    assert answer.status_code == 201, answer.text
    return dict(answer.json or {})


def test_a_ticket_is_made_and_read(client: FlaskClient, ana: dict[str, str], people: People) -> None:
    service = make_service("VPN")
    made = make(client, ana, service_id=service.id)
    assert set(made) == OWN_FIELDS
    assert made["requester"] == {"id": people.ana.id, "name": "Ana"}
    assert made["service"] == {"id": service.id, "name": "VPN"}
    assert (made["status"], made["revision"], made["assignee"]) == ("new", 1, None)
    assert made["url"].endswith(f"/tickets/{made['number']}")
    answer = client.get(f"{API}/{made['number']}?include=messages", headers=ana)
    assert answer.headers["ETag"] == '"1"'
    (message,) = answer.json["messages"]
    assert set(message) == {"id", "kind", "author", "body_text", "body_html", "created_at", "attachments"}
    assert message["author"] == {"id": people.ana.id, "name": "Ana"}
    assert "<strong>no</strong>" in message["body_html"]
    assert "messages" not in client.get(f"{API}/{made['number']}", headers=ana).json


def test_requesters_read_what_their_page_shows_and_staff_all(
    client: FlaskClient, ana: dict[str, str], carla: dict[str, str], people: People
) -> None:
    number = make(client, ana)["number"]
    change = {"priority": "urgent", "team_id": people.service_desk.id, "assignee_id": people.carla.id}
    assert set(client.patch(f"{API}/{number}", json=change, headers=carla).json) == FIELDS

    def read(headers: dict[str, str], stale: dict[str, Any]) -> tuple[list[set[str]], set[str]]:
        one = client.get(f"{API}/{number}", headers=headers).json
        whole = client.get(f"{API}/{number}?include=messages", headers=headers).json
        (listed,) = client.get(API, headers=headers).json["items"]
        refused = client.patch(f"{API}/{number}", json=stale, headers=headers | {"If-Match": '"1"'})
        assert refused.status_code == 412
        return [set(one), set(whole) - {"messages"}, set(listed)], set(refused.json["current"])

    own, own_stale = read(ana, {"status": "closed"})
    assert own == [OWN_FIELDS] * 3
    assert own_stale == {"revision", "subject", "status", "waiting_on", "service_id", "assignee_id"}
    staff, staff_stale = read(carla, {"priority": "low"})
    assert staff == [FIELDS] * 3
    assert staff_stale == own_stale | {"priority", "team_id"}
    closed = client.patch(f"{API}/{number}", json={"status": "closed"}, headers=ana)
    assert set(closed.json) == OWN_FIELDS


@pytest.mark.parametrize(
    "values",
    [
        {"subject": ""},
        {"subject": "   "},
        {"subject": "x" * 201},
        {"subject": 5},
        {"subject": "a\x00b"},
        {"body": ""},
        {"body": "x" * 20_001},
        {"body": None},
        {"service_id": 999},
        {"service_id": "1"},
        {"service_id": -1},
        {"service_id": 2**80},
        {"status": "solved"},
        {"number": 1},
        {"priority": "extreme"},
    ],
)
def test_bad_tickets_are_refused_at_their_field(
    client: FlaskClient, ana: dict[str, str], values: dict[str, Any]
) -> None:
    answer = client.post(API, json={"subject": "x", "body": "y"} | values, headers=ana)
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert list(answer.json["errors"]) == list(values)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff"])
def test_bodies_that_are_no_object_are_refused(client: FlaskClient, ana: dict[str, str], body: bytes) -> None:
    answer = client.post(API, data=body, headers=ana, content_type="application/json")
    assert answer.status_code in (400, 422)


def test_only_staff_choose_person_and_priority(
    client: FlaskClient, ana: dict[str, str], carla: dict[str, str], people: People
) -> None:
    for values in ({"requester_id": people.bruno.id}, {"priority": "urgent"}):
        answer = client.post(API, json={"subject": "x", "body": "y"} | values, headers=ana)
        assert answer.status_code == 403
    made = make(client, carla, requester_id=people.bruno.id, priority="urgent")
    assert (made["requester"]["name"], made["priority"]) == ("Bruno", "urgent")


def test_the_same_key_opens_one_ticket(client: FlaskClient, ana: dict[str, str]) -> None:
    key = ana | {"Idempotency-Key": "one"}
    first = make(client, key)
    assert make(client, key)["number"] == first["number"]
    assert len(client.get(API, headers=ana).json["items"]) == 1


def test_lists_are_scoped_filtered_and_paged(
    client: FlaskClient, ana: dict[str, str], bruno: dict[str, str], carla: dict[str, str], people: People
) -> None:
    mine = [make(client, ana, subject=f"Mine {i}")["number"] for i in range(3)]
    make(client, bruno, subject="Foreign secret")

    def numbers(query: str, headers: dict[str, str]) -> list[int]:
        answer = client.get(f"{API}{query}", headers=headers)
        assert answer.status_code == 200, answer.text
        return [item["number"] for item in answer.json["items"]]

    assert numbers("", ana) == mine[::-1]
    assert numbers("?q=secret", ana) == []
    assert len(numbers("?q=secret", carla)) == 1
    assert numbers(f"?requester_id={people.ana.id}", carla) == mine[::-1]
    assert len(numbers("?status=new", carla)) == 4
    assert numbers("?status=closed", carla) == []
    assert numbers(f"?assignee={people.carla.id}", carla) == []
    assert client.get(f"{API}?requester_id={people.bruno.id}", headers=ana).status_code == 403
    first = client.get(f"{API}?limit=2", headers=carla)
    second = client.get(f"{API}?limit=2&cursor={first.json['next']}", headers=carla)
    assert second.json["next"] is None
    assert 'rel="next"' in first.headers["Link"]
    found = [i["number"] for i in first.json["items"] + second.json["items"]]
    assert len(set(found)) == 4


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=x", "limit=101", "cursor=abc", "status=x", "assignee=x", "assignee=0", "service_id=-1",
     "requester_id=99999999999999999999", "q=" + "x" * 201, "unknown=1"],
)  # fmt: skip
def test_bad_queries_are_refused(client: FlaskClient, carla: dict[str, str], query: str) -> None:
    answer = client.get(f"{API}?{query}", headers=carla)
    assert answer.status_code == 422
    assert query.partition("=")[0] in answer.json["errors"]


def test_foreign_and_missing_tickets_are_the_same_404(
    client: FlaskClient, ana: dict[str, str], bruno: dict[str, str]
) -> None:
    number = make(client, ana)["number"]
    calls = (
        ("get", "", None),
        ("get", "?include=messages", None),
        ("patch", "", {"status": "closed"}),
        ("post", "/messages", {"body": "x"}),
        ("get", "/attachments", None),
    )
    for method, path, body in calls:
        foreign, missing = (
            getattr(client, method)(f"{API}/{n}{path}", json=body, headers=bruno) for n in (number, 999_999)
        )
        assert (foreign.status_code, foreign.json) == (404, missing.json), path
    assert client.get(f"{API}/abc", headers=bruno).status_code == 404
    assert client.get(f"{API}/99999999999999999999", headers=bruno).status_code == 404


def test_notes_are_for_staff(client: FlaskClient, ana: dict[str, str], carla: dict[str, str]) -> None:
    number = make(client, ana)["number"]
    before = client.get(f"{API}/{number}", headers=ana).json
    note = client.post(f"{API}/{number}/messages", json={"body": "SECRET", "kind": "internal_note"}, headers=carla)
    assert note.json["kind"] == "internal_note"
    upload = {"files": (io.BytesIO(b"SECRET"), "secret.txt"), "message_id": str(note.json["id"])}
    assert client.post(f"{API}/{number}/attachments", data=upload, headers=carla).status_code == 201
    assert client.get(f"{API}/{number}", headers=ana).json == before
    whole = client.get(f"{API}/{number}?include=messages", headers=ana)
    assert "SECRET" not in whole.text
    assert client.get(f"{API}/{number}/attachments", headers=ana).json["items"] == []
    assert client.get(f"{API}?q=SECRET", headers=ana).json["items"] == []
    (file,) = client.get(f"{API}/{number}/attachments", headers=carla).json["items"]
    assert client.get(f"{API}/attachments/{file['id']}", headers=ana).status_code == 404
    with client.get(f"{API}/attachments/{file['id']}", headers=carla) as download:
        assert download.data == b"SECRET"
    assert client.get(f"{API}/{number}/attachments?limit=0", headers=carla).status_code == 422
    unknown = client.get(f"{API}/{number}?include=zz", headers=carla)
    assert unknown.json["errors"] == {"include": ["Choose one of messages."]}
    refused = client.post(f"{API}/{number}/messages", json={"body": "x", "kind": "internal_note"}, headers=ana)
    assert refused.status_code == 403


def test_a_change_needs_the_present_revision(
    client: FlaskClient, ana: dict[str, str], carla: dict[str, str], people: People
) -> None:
    number = make(client, ana)["number"]
    change = {"priority": "high", "assignee_id": people.teresa.id, "team_id": people.service_desk.id}
    answer = client.patch(f"{API}/{number}", json=change, headers=carla | {"If-Match": '"1"'})
    assert answer.status_code == 200
    assert (answer.json["revision"], answer.headers["ETag"]) == (2, '"2"')
    assert answer.json["assignee"] == {"id": people.teresa.id, "name": "Teresa"}
    stale = client.patch(f"{API}/{number}", json={"priority": "low"}, headers=carla | {"If-Match": '"1"'})
    assert stale.status_code == 412
    assert stale.json["current"]["revision"] == 2
    cleared = client.patch(f"{API}/{number}", json={"assignee_id": None}, headers=carla)
    assert (cleared.json["assignee"], cleared.json["priority"]) == (None, "high")


@pytest.mark.parametrize(
    "values",
    [
        {"status": "x"},
        {"priority": None},
        {"status": None},
        {"subject": ""},
        {"subject": None},
        {"assignee_id": 99_999},
        {"assignee_id": "1"},
        {"team_id": 99_999},
        {"service_id": 99_999},
        {"requester_id": 1},
        {"revision": 9},
    ],
)
def test_bad_changes_are_refused_at_their_field(
    client: FlaskClient, carla: dict[str, str], values: dict[str, Any]
) -> None:
    number = make(client, carla)["number"]
    answer = client.patch(f"{API}/{number}", json=values, headers=carla)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == list(values)
    assert client.get(f"{API}/{number}", headers=carla).json["revision"] == 1


def test_requesters_close_and_reopen_only(client: FlaskClient, ana: dict[str, str], people: People) -> None:
    number = make(client, ana)["number"]
    for values in ({"priority": "urgent"}, {"assignee_id": people.carla.id}, {"subject": "x"}):
        assert client.patch(f"{API}/{number}", json=values, headers=ana).status_code == 403
    assert client.patch(f"{API}/{number}", json={"status": "solved"}, headers=ana).status_code == 409
    assert client.patch(f"{API}/{number}", json={"status": "closed"}, headers=ana).json["status"] == "closed"
    assert client.patch(f"{API}/{number}", json={"status": "open"}, headers=ana).json["status"] == "open"


@pytest.mark.parametrize(
    "values", [{"body": ""}, {"body": "x" * 20_001}, {"kind": "x"}, {"kind": "automated_reply"}, {"author_id": 1}]
)
def test_bad_messages_are_refused(client: FlaskClient, carla: dict[str, str], values: dict[str, Any]) -> None:
    number = make(client, carla)["number"]
    answer = client.post(f"{API}/{number}/messages", json={"body": "x"} | values, headers=carla)
    assert answer.status_code in (422, 403)


def test_nobody_and_tokens_without_the_scope_get_nothing(client: FlaskClient, people: People) -> None:
    assert client.get(API).status_code == 401
    assert client.post(API, json={"subject": "x", "body": "y"}).status_code in (401, 403)
    reader = api_headers(people.ana, "tickets:read")
    assert client.get(API, headers=reader).status_code == 200
    assert client.post(API, json={"subject": "x", "body": "y"}, headers=reader).status_code == 403


def test_files_are_added_listed_and_downloaded(client: FlaskClient, ana: dict[str, str], bruno: dict[str, str]) -> None:
    number = make(client, ana)["number"]
    upload = {"files": [(io.BytesIO(b"one"), "one.txt"), (io.BytesIO(b"two"), "../../två .txt")]}
    answer = client.post(f"{API}/{number}/attachments", data=upload, headers=ana)
    assert answer.status_code == 201
    assert {f["name"] for f in answer.json["items"]} == {"one.txt", "två.txt"}
    file = next(f for f in answer.json["items"] if f["name"] == "one.txt")
    with client.get(f"{API}/attachments/{file['id']}", headers=ana) as download:
        assert download.data == b"one"
        assert download.headers["Content-Disposition"].startswith("attachment")
        assert download.headers["X-Content-Type-Options"] == "nosniff"
        assert download.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert "no-store" in download.headers["Cache-Control"]
    foreign = client.get(f"{API}/attachments/{file['id']}", headers=bruno)
    missing = client.get(f"{API}/attachments/{'0' * 32}", headers=bruno)
    assert (foreign.status_code, foreign.json) == (404, missing.json)


def test_the_same_key_adds_the_same_files_once(client: FlaskClient, ana: dict[str, str]) -> None:
    address = f"{API}/{make(client, ana)['number']}/attachments"

    def add(content: bytes, name: str = "one.txt") -> Any:
        # Each request has another boundary, as those of real clients have.
        upload = {"files": (io.BytesIO(content), name)}
        return client.post(address, data=upload, headers=ana | {"Idempotency-Key": "files"})

    first, again = add(b"one"), add(b"one")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (add(b"two").status_code, add(b"one", "two.txt").status_code) == (422, 422)
    (file,) = client.get(address, headers=ana).json["items"]
    with client.get(f"{API}/attachments/{file['id']}", headers=ana) as download:
        assert download.data == b"one", "what was counted was stored whole"


@pytest.mark.parametrize("data", [{}, {"files": (b"", "empty.txt")}, {"files": "text"}, {"message_id": "1"}])
def test_bad_uploads_are_refused(client: FlaskClient, ana: dict[str, str], data: dict[str, Any], app: Flask) -> None:
    # A stream is read once: each run of the test has its own.
    data = {name: (io.BytesIO(v[0]), v[1]) if isinstance(v, tuple) else v for name, v in data.items()}
    number = make(client, ana)["number"]
    answer = client.post(f"{API}/{number}/attachments", data=data, headers=ana, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "files" in answer.json["errors"]
