"""Idempotency, paging, revisions and the description of the API."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import Field, ValidationError
from sqlalchemy import func, select

from helpdesk.core.clock import FixedClock
from helpdesk.core.database import transaction
from helpdesk.core.errors import Invalid
from helpdesk.web import idempotency
from helpdesk.web.api import Body, if_match, paged_whole
from helpdesk.web.jobs import prune_idempotency
from helpdesk.web.models import IdempotentRequest
from helpdesk.web.paging import make_cursor, read_cursor
from helpdesk.web.validation import messages_of
from tests.web.conftest import SECRET

Count = Callable[[], int]


def post(client: FlaskClient, headers: dict[str, str], title: str = "x", key: str | None = "k1") -> tuple[int, str]:
    response = client.post(
        "/api/v1/things", json={"title": title}, headers=headers | ({"Idempotency-Key": key} if key else {})
    )
    return response.status_code, response.text


def test_same_key_is_carried_out_once(client: FlaskClient, ana: dict[str, str], count_things: Count) -> None:
    first = client.post("/api/v1/things", json={"title": "x"}, headers=ana | {"Idempotency-Key": "k1"})
    again = client.post("/api/v1/things", json={"title": "x"}, headers=ana | {"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.text == first.text
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert count_things() == 1


def test_keys_belong_to_one_person_and_one_request(
    client: FlaskClient, ana: dict[str, str], count_things: Count
) -> None:
    assert post(client, ana)[0] == 201
    assert post(client, ana, title="y")[0] == 422
    assert post(client, ana | {"X-Test-Person": "carla"}, title="y")[0] == 201
    assert post(client, ana, key=None)[0] == 201
    assert post(client, ana, key="k" * 256)[0] == 422
    assert count_things() == 3


def test_failed_request_may_be_sent_again(client: FlaskClient, ana: dict[str, str], count_things: Count) -> None:
    assert post(client, ana, title="fails")[0] == 409
    assert post(client, ana, title="x")[0] == 201
    assert count_things() == 1


def test_lost_answer_is_never_carried_out_twice(
    app: Flask, client: FlaskClient, ana: dict[str, str], count_things: Count, clock: FixedClock
) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert post(client, ana, title="dies")[0] == 500  # after its transaction committed
    clock.advance(minutes=5)
    status, text = post(client, ana, title="dies")
    assert status == 409
    assert SECRET not in text
    assert count_things() == 1


def test_one_left_by_a_process_that_died_is_taken_over(
    app: Flask, client: FlaskClient, ana: dict[str, str], clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        pass

    def die(*_arguments: object) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(idempotency, "_carry_out", die)
        with pytest.raises(Died):
            post(client, ana)
    assert post(client, ana)[0] == 409  # it may still be running
    clock.advance(seconds=61)
    assert post(client, ana)[0] == 201


def test_one_that_was_taken_over_commits_nothing_any_more(
    app: Flask,
    client: FlaskClient,
    ana: dict[str, str],
    count_things: Count,
    clock: FixedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cookie = client.get_cookie("helpdesk")
    assert cookie is not None
    other = app.test_client()
    other.set_cookie("helpdesk", cookie.value)
    carry_out = idempotency._carry_out
    answers: list[int] = []

    def after_a_minute(row_id: str, call: Callable[[], Any]) -> Any:
        monkeypatch.setattr(idempotency, "_carry_out", carry_out)
        clock.advance(seconds=61)
        answers.append(post(other, ana)[0])
        return carry_out(row_id, call)

    monkeypatch.setattr(idempotency, "_carry_out", after_a_minute)
    answers.append(post(client, ana)[0])
    assert answers == [201, 409]
    assert count_things() == 1


def test_of_two_at_the_same_time_one_wins(
    app: Flask, ana: dict[str, str], client: FlaskClient, count_things: Count
) -> None:
    cookie = client.get_cookie("helpdesk")
    assert cookie is not None
    answers: list[int] = []

    def send() -> None:
        own = app.test_client()
        own.set_cookie("helpdesk", cookie.value)
        answers.append(post(own, ana)[0])

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count_things() == 1
    assert 201 in answers
    assert set(answers) <= {201, 409}


def test_keys_are_forgotten_after_a_day(
    app: Flask, client: FlaskClient, ana: dict[str, str], count_things: Count, clock: FixedClock
) -> None:
    post(client, ana)
    clock.advance(hours=25)
    assert post(client, ana)[0] == 201
    assert count_things() == 2
    clock.advance(hours=25)
    with app.app_context():
        assert prune_idempotency(clock.now()) == 1
        with transaction() as session:
            assert session.scalar(select(func.count()).select_from(IdempotentRequest)) == 0


# --- paging ------------------------------------------------------------------------------------------------------


def test_pages_follow_each_other(client: FlaskClient, ana: dict[str, str]) -> None:
    first = client.get("/api/v1/things?limit=2", headers=ana)
    page = json.loads(first.text)
    assert [item["id"] for item in page["items"]] == [1, 2]
    link = first.headers["Link"]
    assert link.endswith('>; rel="next"')
    second = client.get(link[1 : link.index(">")], headers=ana)
    assert [item["id"] for item in json.loads(second.text)["items"]] == [3, 4]
    assert json.loads(client.get(f"/api/v1/things?cursor={page['next']}", headers=ana).text)["items"][0]["id"] == 3


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "", "1e2", "٣", "9" * 50, "5.0"])
def test_limits_of_pages(client: FlaskClient, ana: dict[str, str], limit: str) -> None:
    response = client.get("/api/v1/things", query_string={"limit": limit}, headers=ana)
    assert response.status_code == 422
    assert list(json.loads(response.text)["errors"]) == ["limit"]


def test_short_lists_are_paged_too(app: Flask) -> None:
    items = [{"id": name} for name in "cab"]

    def page(query: str) -> tuple[list[str], str | None]:
        with app.test_request_context(f"/list?{query}"):
            body, headers = paged_whole("short", items)
            assert ("Link" in headers) == (body["next"] is not None)
            return [item["id"] for item in body["items"]], body["next"]

    first, cursor = page("limit=2")
    assert (first, page(f"limit=2&cursor={cursor}"), page("")) == (["c", "a"], (["b"], None), (["c", "a", "b"], None))
    items.pop(1)
    for query in ("limit=0", f"cursor={cursor}"):
        with pytest.raises(Invalid):
            page(query)


class Wanted(Body):
    id: Annotated[str, Field(max_length=3)] | Annotated[int, Field(ge=1)] | None = None
    names: dict[Annotated[str, Field(min_length=2)], str] = {}
    kind: Literal["outage", "works"] = "outage"
    slug: str = Field("a", pattern="^[a-z]+$")


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({"id": 0}, {"id": ["This must be at least 1."]}),
        ({"id": "long"}, {"id": ["At most 3 characters are possible."]}),
        ({"id": True}, {"id": ["This must be text.", "This must be a whole number."]}),
        ({"names": {"x": "y"}}, {"names.x": ["At least 2 characters are needed."]}),
        ({"names": {"str": 1}}, {"names.str": ["This must be text."]}),
        ({"kind": "zz"}, {"kind": ["Choose one of outage, works."]}),
        ({"slug": "-"}, {"slug": ["This does not have the right form."]}),
    ],
)
def test_messages_name_the_fields_and_not_the_library(
    app: Flask, sent: dict[str, Any], fields: dict[str, list[str]]
) -> None:
    with app.test_request_context(), pytest.raises(ValidationError) as error:
        Wanted.model_validate(sent)
    with app.test_request_context():
        assert messages_of(error.value) == fields


def test_cursors_keep_their_keys(app: Flask) -> None:
    at = datetime(2026, 3, 12, 9, 0, 0, 123, tzinfo=UTC)
    with app.test_request_context():
        assert read_cursor("queue", make_cursor("queue", at, 7, "a", None)) == (at, 7, "a", None)
        assert read_cursor("queue") is None


def test_changed_cursors_are_refused(app: Flask) -> None:
    with app.test_request_context():
        good = make_cursor("queue", 7)
        changed = [good[:-1] + ("A" if good[-1] != "A" else "B"), "x" + good, good + "x", "e30", ".", "a" * 2000, "é"]
        for text in [*changed, make_cursor("people", 7)]:
            with pytest.raises(Invalid):
                read_cursor("queue", text)


# --- revisions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("header", "revision"), [(None, None), ("*", None), ('"7"', 7), ('W/"7"', 7), ("7", 7)])
def test_revision_in_if_match(
    client: FlaskClient, ana: dict[str, str], header: str | None, revision: int | None
) -> None:
    headers = ana | ({"If-Match": header} if header else {})
    response = client.patch("/api/v1/things/1", json={"title": "x"}, headers=headers)
    assert json.loads(response.text)["revision"] == revision


def test_of_several_revisions_any_may_match(app: Flask) -> None:
    def sent(header: str) -> Any:
        with app.test_request_context(headers={"If-Match": header}):
            return if_match()

    several = sent('"99", W/"1" , "abc"')
    assert (several == 1, several == 99, several == 2) == (True, True, False)
    assert (several != 1, several != 2) == (False, True)
    assert sent('"abc", "7"') == 7


@pytest.mark.parametrize("header", ['"abc"', "", '"a", "b"', '"-1"', '"' + "9" * 30 + '"'])
def test_what_is_no_revision_is_stale(client: FlaskClient, ana: dict[str, str], header: str) -> None:
    response = client.patch("/api/v1/things/1", json={"title": "x"}, headers=ana | {"If-Match": header})
    assert response.status_code == 412


# --- description -------------------------------------------------------------------------------------------------


def test_openapi_describes_every_api_route(app: Flask, client: FlaskClient) -> None:
    document = json.loads(client.get("/api/v1/openapi.json").text)
    assert document["openapi"] == "3.1.0"
    tags = [tag["name"] for tag in document["tags"]]
    assert len(tags) == len(set(tags))
    assert {"bearer", "session", "csrf"} <= set(document["components"]["securitySchemes"])
    described = {(path, method) for path, item in document["paths"].items() for method in item}
    assert all(path.startswith("/api/v1/") for path, _method in described)
    create = document["paths"]["/api/v1/things"]["post"]
    assert create["summary"] == "Make a thing."
    assert create["security"] == [{"bearer": ["tickets:write"]}, {"session": [], "csrf": []}]
    assert {"201", "401", "403", "409", "422", "429"} <= set(create["responses"])
    assert any(parameter["name"] == "Idempotency-Key" for parameter in create["parameters"])
    assert document["components"]["responses"]["422"]["content"]["application/problem+json"]
    assert ("/api/v1/things/{thing_id}", "patch") in described


def test_api_pages_are_readable_without_scripts_of_others(client: FlaskClient) -> None:
    response = client.get("/api/v1/docs")
    assert response.status_code == 200
    assert "POST /api/v1/things" in response.text
    assert "tickets:write" in response.text
    assert "style=" not in response.text
    assert "http://" not in response.text.replace("http://www.w3.org", "")
