"""The service catalogue."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.catalog import queries
from helpdesk.catalog.rules import make_slug, tidy_keywords
from helpdesk.core import feed
from tests.factories import api_headers, make_service, make_team, post_form, sign_in
from tests.fixtures import People


def test_names_become_slugs_and_keywords_are_tidied() -> None:
    assert make_slug("  E-mail & Calendário ") == "e-mail-calendario"
    assert tidy_keywords("vpn,  remote   access;vpn\ntunnel,,") == "vpn, remote access, tunnel"


def test_people_see_the_services_of_their_branch_first(client: FlaskClient, app: Flask, people: People) -> None:
    make_service("Payroll", people.administration)
    make_service("Till", people.commerce)
    sign_in(client, people.ana)
    page = client.get("/services").get_data(as_text=True)
    assert page.index("Your services") < page.index("Payroll") < page.index("All other services") < page.index("Till")
    with app.app_context():
        path = (people.town_hall.id, people.administration.id, people.finance.id)
        assert [s.name for s in queries.services_of_department_path(path)] == ["Payroll"]


def test_an_administrator_makes_and_retires_a_service(client: FlaskClient, app: Flask, people: People) -> None:
    team = make_team("Network")
    sign_in(client, people.adam)
    form = {"name": "VPN", "owner_team_id": team.id, "parent_id": "", "position": "3", "is_public": "y",
            "department_ids": [people.finance.id, people.sales.id], "keywords": "tunnel"}  # fmt: skip
    assert post_form(client, "/admin/services/new", form).status_code == 302
    with app.app_context():
        [service] = [service for service in queries.list_services() if service.slug == "vpn"]
        assert queries.departments_of_services([service.id]) == {service.id: {people.finance.id, people.sales.id}}
        before = feed.head().seq
    path = f"/admin/services/{service.id}"
    page = client.get(path).get_data(as_text=True)
    assert "Finance" in page
    answer = post_form(client, path, form | {"slug": "vpn", "revision": "1", "is_retired": "y"})
    assert answer.status_code == 302
    with app.app_context():
        assert queries.list_services() == []
        assert [c.topic for c in feed.changes_since(before) or ()] == ["catalog"]


def test_two_administrators_lose_nothing(client: FlaskClient, people: People) -> None:
    service = make_service("VPN", people.finance)
    sign_in(client, people.adam)
    form = {"slug": "vpn", "parent_id": "", "owner_team_id": "", "revision": "1"}
    path = f"/admin/services/{service.id}"
    assert post_form(client, path, form | {"name": "VPN old office"}).status_code == 302
    stale = post_form(client, path, form | {"name": "VPN new office"})
    page = stale.get_data(as_text=True)
    assert stale.status_code == 412
    assert "VPN old office" in page
    assert 'value="VPN new office"' in page
    assert 'name="revision" type="hidden" value="2"' in page


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "V" * 121}, "name"),
        ({"name": "VPN", "slug": "Not A Slug"}, "slug"),
        ({"name": "VPN", "description": 7}, "description"),
        ({"name": "VPN", "description": "a\x00b"}, "description"),
        ({"name": "VPN", "department_ids": [999]}, "department_ids"),
        ({"name": "VPN", "department_ids": "all"}, "department_ids"),
        ({"name": "VPN", "parent_id": 999}, "parent_id"),
        ({"name": "VPN", "owner_team_id": 999}, "owner_team_id"),
        ({"name": "VPN", "is_public": "yes"}, "is_public"),
        ({"name": "VPN", "revision": 9}, "revision"),
    ],
)
def test_x4_bad_services_are_refused_at_the_field(
    client: FlaskClient, people: People, body: dict[str, Any], field: str
) -> None:
    answer = client.post("/api/v1/services", json=body, headers=api_headers(people.adam))
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [field]


def test_x4_requesters_read_the_catalogue_without_what_is_for_staff(client: FlaskClient, people: People) -> None:
    make_service("VPN", people.finance, keywords="tunnel")
    (seen,) = client.get("/api/v1/services", headers=api_headers(people.ana)).get_json()["items"]
    assert (seen["name"], seen["keywords"], seen["department_ids"]) == ("VPN", None, None)
    (full,) = client.get("/api/v1/services", headers=api_headers(people.carla)).get_json()["items"]
    assert (full["keywords"], full["department_ids"]) == ("tunnel", [people.finance.id])
    headers = api_headers(people.ana)
    assert client.post("/api/v1/services", json={"name": "X"}, headers=headers).status_code == 403


def test_a_service_is_changed_in_part_and_by_revision(client: FlaskClient, people: People) -> None:
    service = make_service("VPN", people.finance)
    headers, path = api_headers(people.adam), f"/api/v1/services/{service.id}"
    changed = client.patch(path, json={"department_ids": [people.sales.id]}, headers=headers | {"If-Match": '"1"'})
    assert (changed.get_json()["name"], changed.get_json()["department_ids"]) == ("VPN", [people.sales.id])
    assert changed.headers["ETag"] == '"2"'
    assert client.patch(path, json={"name": "X"}, headers=headers | {"If-Match": '"1"'}).status_code == 412
    assert client.patch(path, json={"parent_id": service.id}, headers=headers).status_code == 422


def test_html_in_names_is_text(client: FlaskClient, people: People) -> None:
    make_service("<script>alert(1)</script>", slug="odd", description='"><img src=x onerror=alert(1)>')
    sign_in(client, people.ana)
    page = client.get("/services").get_data(as_text=True)
    assert "<script>alert" not in page
    assert "<img" not in page


def test_services_are_searched_by_name_and_keyword(client: FlaskClient, people: People) -> None:
    make_service("VPN", keywords="remote access")
    make_service("E-mail")
    sign_in(client, people.ana)
    items = client.get("/services/search?q=remote").get_json()["items"]
    assert [item["label"] for item in items] == ["VPN"]
