"""Every page of accounts and catalogue opens for whom it is for, and for nobody else."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.factories import make_service, sign_in
from tests.fixtures import People

ADMINISTRATION = (
    "/admin/",
    "/admin/people",
    "/admin/people/new",
    "/admin/departments",
    "/admin/departments/1",
    "/admin/teams",
    "/admin/services",
    "/admin/services/new",
    "/admin/services/1",
)


def test_an_administrator_opens_every_page(client: FlaskClient, people: People) -> None:
    make_service("VPN", people.finance)
    sign_in(client, people.adam)
    for path in (*ADMINISTRATION, f"/admin/people/{people.ana.id}", "/services", "/profile"):
        assert client.get(path).status_code == 200, path


@pytest.mark.parametrize("who", ["ana", "carla", "teresa"])
def test_administration_is_for_administrators(client: FlaskClient, people: People, who: str) -> None:
    sign_in(client, getattr(people, who))
    for path in (*ADMINISTRATION, f"/admin/people/{people.ana.id}"):
        assert client.get(path).status_code == 403, path
    assert client.get("/services").status_code == 200
    assert client.get("/profile").status_code == 200


def test_strangers_are_led_to_the_sign_in_page_and_back(client: FlaskClient) -> None:
    answer = client.get("/admin/people?q=ana")
    assert answer.location == "/sign-in?next=%2Fadmin%2Fpeople%3Fq%3Dana"
