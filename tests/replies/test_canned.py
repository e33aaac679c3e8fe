"""Canned replies: agents find them, administrators keep them."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests import factories
from tests.fixtures import People

ADMIN = "/admin/canned-replies"


def test_an_administrator_adds_changes_and_deletes_one(client: FlaskClient, people: People) -> None:
    factories.sign_in(client, people.adam)
    assert factories.post_form(client, ADMIN, {"title": "Restart", "body": "Hello {name}, restart."}).status_code == 302
    (found,) = client.get("/canned-replies?q=rest").json["items"]
    assert (found["title"], found["body"]) == ("Restart", "Hello {name}, restart.")
    one = f"{ADMIN}/{found['id']}"
    factories.post_form(client, one, {"title": "Restart it", "body": "Please restart."})
    assert "Please restart." in client.get(one).get_data(as_text=True)
    factories.post_form(client, f"{one}/delete")
    assert client.get("/canned-replies").json["items"] == []
    assert client.get(one).status_code == 404


@pytest.mark.parametrize(
    "fields", [{"title": "", "body": "x"}, {"title": "x" * 121, "body": "x"}, {"title": "a\x00b", "body": "x"}]
)
def test_bad_input_is_refused_and_nothing_is_kept(client: FlaskClient, people: People, fields: dict[str, str]) -> None:
    factories.sign_in(client, people.adam)
    assert factories.post_form(client, ADMIN, fields).status_code == 422
    assert client.get("/canned-replies").json["items"] == []


def test_two_cannot_have_the_same_title(client: FlaskClient, people: People) -> None:
    factories.sign_in(client, people.adam)
    factories.post_form(client, ADMIN, {"title": "Restart", "body": "x"})
    answer = factories.post_form(client, ADMIN, {"title": "restart", "body": "y"})
    assert answer.status_code == 422
    assert "There is a canned reply with this title" in answer.get_data(as_text=True)


def test_titles_come_before_texts_and_all_words_count(client: FlaskClient, people: People) -> None:
    factories.sign_in(client, people.adam)
    factories.post_form(client, ADMIN, {"title": "Printer", "body": "Turn the scanner off."})
    factories.post_form(client, ADMIN, {"title": "Scanner", "body": "Press the button."})
    assert [i["title"] for i in client.get("/canned-replies?q=SCANNER").json["items"]] == ["Scanner", "Printer"]
    assert client.get("/canned-replies?q=scanner nowhere").json["items"] == []


def test_agents_read_and_requesters_do_not(client: FlaskClient, people: People) -> None:
    factories.sign_in(client, people.ana)
    assert client.get("/canned-replies").status_code == 403
