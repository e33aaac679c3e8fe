"""The JSON interface of people and departments."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.factories import api_headers, make_department, make_token, make_user, sign_in
from tests.fixtures import People


def test_me_says_who_a_program_acts_for(client: FlaskClient, people: People) -> None:
    me = client.get("/api/v1/me", headers=api_headers(people.ana, "me", "tickets:read")).get_json()
    assert me == {
        "id": people.ana.id,
        "name": "Ana",
        "email": "ana@helpdesk.example",
        "role": "requester",
        "department": {"id": people.finance.id, "name": "Finance"},
        "locale": "en",
        "time_zone": "UTC",
        "scopes": ["me", "tickets:read"],
    }


def test_me_by_session_has_all_scopes_of_the_role(client: FlaskClient, people: People) -> None:
    sign_in(client, people.ana)
    scopes = client.get("/api/v1/me").get_json()["scopes"]
    assert "tickets:write" in scopes
    assert "directory:write" not in scopes


def test_tokens_are_listed_without_their_text_and_revoked(client: FlaskClient, people: People) -> None:
    token = make_token(people.ana)
    headers = {"Authorization": f"Bearer {token}"}
    answer = client.get("/api/v1/me/tokens", headers=headers)
    assert token not in answer.get_data(as_text=True)
    (item,) = answer.get_json()["items"]
    assert client.get("/api/v1/me/tokens?limit=0", headers=headers).status_code == 422
    assert client.delete(f"/api/v1/me/tokens/{item['id']}", headers=headers).status_code == 204
    assert client.get("/api/v1/me", headers=headers).status_code == 401


def test_x3_a_foreign_token_looks_like_a_missing_one(client: FlaskClient, people: People) -> None:
    make_token(people.bruno)
    headers = api_headers(people.ana)
    foreign, missing = (client.delete(f"/api/v1/me/tokens/{n}", headers=headers) for n in (1, 999))
    assert foreign.status_code == missing.status_code == 404
    assert foreign.get_json() == missing.get_json()


def test_x3_requesters_see_nobody_but_themselves(client: FlaskClient, people: People) -> None:
    headers = api_headers(people.ana)
    assert client.get(f"/api/v1/users/{people.ana.id}", headers=headers).get_json()["name"] == "Ana"
    foreign, missing = (client.get(f"/api/v1/users/{n}", headers=headers) for n in (people.bruno.id, 99999))
    assert foreign.status_code == missing.status_code == 404
    assert foreign.get_json() == missing.get_json()
    assert client.get("/api/v1/users", headers=headers).status_code == 403
    assert client.get("/api/v1/departments", headers=headers).status_code == 403


def test_people_are_listed_in_pages(client: FlaskClient, people: People) -> None:
    headers, names, path = api_headers(people.carla), [], "/api/v1/users?limit=4"
    while path:
        answer = client.get(path, headers=headers)
        names += [user["name"] for user in answer.get_json()["items"]]
        cursor = answer.get_json()["next"]
        path = f"/api/v1/users?limit=4&cursor={cursor}" if cursor else ""
    assert names == ["Adam", "Ana", "Bruno", "Carla", "Teresa", "Tomas"]


def test_an_administrator_adds_and_changes_people(client: FlaskClient, people: People) -> None:
    headers = api_headers(people.adam)
    body = {"name": "Eva", "email": "Eva@Helpdesk.example", "department_id": people.sales.id}
    made = client.post("/api/v1/users", json=body, headers=headers)
    assert made.status_code == 201
    assert made.get_json()["email"] == "eva@helpdesk.example"
    path = made.headers["Location"]
    changed = client.patch(path, json={"role": "agent"}, headers=headers | {"If-Match": made.headers["ETag"]})
    assert (changed.get_json()["role"], changed.get_json()["name"]) == ("agent", "Eva")
    stale = client.patch(path, json={"name": "Eve"}, headers=headers | {"If-Match": made.headers["ETag"]})
    assert stale.status_code == 412
    assert stale.get_json()["current"]["role"] == "agent"
    assert client.patch(path, json={"is_disabled": True}, headers=headers).get_json()["is_disabled"] is True


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": 7}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "A\x00b"}, "name"),
        ({"name": "A\u202eb\x07"}, "name"),
        ({"name": "Eva", "email": "no address"}, "email"),
        ({"name": "Eva", "email": "x" * 300 + "@helpdesk.example"}, "email"),
        ({"name": "Eva", "email": "ana@helpdesk.example"}, "email"),
        ({"name": "Eva", "role": "king"}, "role"),
        ({"name": "Eva", "department_id": 999}, "department_id"),
        ({"name": "Eva", "department_id": "1"}, "department_id"),
        ({"name": "Eva", "department_id": 2**70}, "department_id"),
        ({"name": "Eva", "locale": "tlh"}, "locale"),
        ({"name": "Eva", "time_zone": "Mars/Olympus"}, "time_zone"),
        ({"name": "Eva", "time_zone": "../../etc/passwd"}, "time_zone"),
        ({"name": "Eva", "password_hash": "x"}, "password_hash"),
        ({"name": "Eva", "is_demo": True}, "is_demo"),
    ],
)
def test_x4_bad_people_are_refused_at_the_field(
    client: FlaskClient, people: People, body: dict[str, Any], field: str
) -> None:
    answer = client.post("/api/v1/users", json=body, headers=api_headers(people.adam))
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [field]


def test_x4_no_answer_holds_more_than_the_named_fields(client: FlaskClient, people: People) -> None:
    user = client.get(f"/api/v1/users/{people.ana.id}", headers=api_headers(people.adam)).get_json()
    assert user.keys() == {
        "id", "revision", "name", "email", "role", "department", "team_id", "locale", "time_zone", "is_disabled",
    }  # fmt: skip


@pytest.mark.parametrize("who", ["ana", "carla", "teresa"])
def test_x4_only_administrators_write(client: FlaskClient, people: People, who: str) -> None:
    person = getattr(people, who)
    headers = {"X-CSRF-Token": sign_in(client, person)}
    for method, path in (
        ("post", "/api/v1/users"),
        ("patch", f"/api/v1/users/{person.id}"),
        ("post", "/api/v1/departments"),
        ("patch", "/api/v1/departments/1"),
        ("delete", "/api/v1/departments/1"),
    ):
        answer = getattr(client, method)(path, json={"role": "administrator"}, headers=headers)
        assert answer.status_code == 403, (method, path)


def test_a_token_without_the_scope_is_refused(client: FlaskClient, people: People) -> None:
    headers = api_headers(people.adam, "directory:read")
    assert client.get("/api/v1/users", headers=headers).status_code == 200
    assert client.post("/api/v1/users", json={"name": "Eva"}, headers=headers).status_code == 403


def test_a_token_shrinks_with_the_role(client: FlaskClient, people: People) -> None:
    headers, admin = api_headers(people.teresa), api_headers(people.adam)
    client.patch(f"/api/v1/users/{people.teresa.id}", json={"role": "requester"}, headers=admin)
    assert client.get("/api/v1/users", headers=headers).status_code == 403
    assert "announcements:write" not in client.get("/api/v1/me", headers=headers).get_json()["scopes"]


def test_departments_are_made_moved_and_deleted(client: FlaskClient, people: People) -> None:
    headers = api_headers(people.adam)
    made = client.post("/api/v1/departments", json={"name": "Archive", "parent_id": people.finance.id}, headers=headers)
    assert made.status_code == 201
    path = made.headers["Location"]
    moved = client.patch(path, json={"parent_id": people.sales.id}, headers=headers)
    assert moved.get_json() == {
        "id": made.get_json()["id"],
        "revision": 2,
        "name": "Archive",
        "parent_id": people.sales.id,
    }
    assert client.delete(path, headers=headers).status_code == 204
    assert client.get(path, headers=headers).status_code == 404
    assert client.delete(f"/api/v1/departments/{people.finance.id}", headers=headers).status_code == 409


def test_a_department_cannot_stand_below_itself(client: FlaskClient, people: People) -> None:
    headers = api_headers(people.adam)
    path = f"/api/v1/departments/{people.town_hall.id}"
    assert client.patch(path, json={"parent_id": people.finance.id}, headers=headers).status_code == 409
    assert client.patch(path, json={"parent_id": people.town_hall.id}, headers=headers).status_code == 409


def test_people_search_for_pickers(client: FlaskClient, people: People) -> None:
    make_user("José Núñez", department=make_department("Parks", people.town_hall))
    sign_in(client, people.carla)
    (item,) = client.get("/people/search?q=nunez jose").get_json()["items"]
    assert item["label"] == "José Núñez"
    assert item["detail"].endswith("Parks")
    (item,) = client.get("/departments/search?q=par").get_json()["items"]
    assert (item["label"], item["detail"], item["kind"]) == ("Parks", "Town hall", "department")
    assert client.get("/people/search?q=%25").get_json()["items"] == []
