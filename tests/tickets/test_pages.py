"""Pages through the client: what each person sees, and what bad input does."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.config import Settings
from helpdesk.core.clock import FixedClock
from helpdesk.hooks.specs import Viewer
from helpdesk.tickets import actions, queries
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.rules import MessageKind, NewMessage, NewTicket, QueueFilter, Status, View
from tests import factories
from tests.factories import post_form, sign_in
from tests.fixtures import People


@pytest.fixture
def ana(people: People) -> Viewer:
    return factories.viewer(people.ana)


@pytest.fixture
def carla(people: People) -> Viewer:
    return factories.viewer(people.carla)


@pytest.fixture
def ticket(app: Flask, ana: Viewer) -> Ticket:
    with app.app_context():
        return actions.open_ticket(ana, NewTicket("VPN <b>down</b>", "It says **no**."))


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def test_home_of_requesters_shows_starts_and_own_tickets(
    client: FlaskClient, people: People, ticket: Ticket, app: Flask, carla: Viewer
) -> None:
    with app.app_context():
        actions.add_message(carla, ticket.number, NewMessage("SECRET", MessageKind.internal_note))
    sign_in(client, people.ana)
    page = text_of(client.get("/"))
    assert f"/tickets/{ticket.number}" in page
    assert "VPN &lt;b&gt;down&lt;/b&gt;" in page
    assert "/tickets/new?start=broken" in page
    assert "SECRET" not in page


def test_only_with_a_plugin_can_a_ticket_wait_on_an_outage(
    app: Flask, people: People, settings: Settings, make_app: Callable[[Settings, FixedClock], Flask], clock: FixedClock
) -> None:
    alone = make_app(settings.model_copy(update={"plugins": ""}), clock)
    for made, expected in ((app, 2), (alone, 0)):  # the tab, and the status in the bar for many
        client = made.test_client()
        sign_in(client, people.carla)
        assert text_of(client.get("/tickets")).count("Waiting on outage") == expected


def test_home_of_staff_is_the_queue(client: FlaskClient, people: People) -> None:
    sign_in(client, people.carla)
    answer = client.get("/")
    assert answer.headers["Location"] == "/tickets"


def test_nobody_is_sent_to_sign_in(client: FlaskClient) -> None:
    for path in ("/", "/tickets", "/tickets/new", "/tickets/1001"):
        assert client.get(path).headers["Location"].startswith("/sign-in")


def test_a_ticket_is_opened_by_the_form(client: FlaskClient, people: People, app: Flask) -> None:
    sign_in(client, people.ana)
    assert 'data-draft-key="ticket-new"' in text_of(client.get("/tickets/new"))
    data = {"subject": "Printer", "body": "Jam", "files": [(io.BytesIO(b"hello"), "note.txt")]}
    answer = post_form(client, "/tickets/new", data)
    assert answer.status_code == 303
    page = text_of(client.get(answer.headers["Location"]))
    assert "Printer" in page
    assert "note.txt" in page
    found = re.search(r'href="(/attachments/[0-9a-f]{32})"', page)
    assert found
    with client.get(found[1]) as download:
        assert download.data == b"hello"


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"subject": ""},
        {"subject": "x" * 300},
        {"subject": "x", "body": "y" * 30_000},
        {"subject": "x", "service_id": "999"},
        {"subject": "x", "service_id": "abc"},
        {"subject": "x\x00y"},
        {"subject": "x", "files": "evil.exe"},
    ],
)
def test_bad_tickets_come_back_with_what_was_typed(
    client: FlaskClient, people: People, app: Flask, ana: Viewer, clock: FixedClock, data: dict[str, Any]
) -> None:
    if "files" in data:
        data = data | {"files": [(io.BytesIO(b"MZ"), data["files"])]}  # a stream is read once: each run has its own
    sign_in(client, people.ana)
    answer = post_form(client, "/tickets/new", data)
    assert answer.status_code == 422
    assert "data-error-summary" in answer.text
    with app.app_context():
        assert queries.list_own(ana, clock.now()).rows == []


def test_requesters_cannot_send_fields_of_staff(client: FlaskClient, people: People, app: Flask) -> None:
    sign_in(client, people.ana)
    data = {"subject": "x", "priority": "urgent", "requester_id": str(people.bruno.id)}
    answer = post_form(client, "/tickets/new", data)
    number = int(answer.headers["Location"].rsplit("/", 1)[1])
    with app.app_context():
        ticket = queries.get_visible_ticket(factories.viewer(people.ana), number)
        assert (ticket.requester_id, ticket.priority.value) == (people.ana.id, "normal")


def test_staff_open_on_behalf_of_a_person(client: FlaskClient, people: People, app: Flask, ana: Viewer) -> None:
    sign_in(client, people.carla)
    data = {"subject": "For Ana", "priority": "high", "requester_id": str(people.ana.id)}
    answer = post_form(client, "/tickets/new", data)
    number = int(answer.headers["Location"].rsplit("/", 1)[1])
    with app.app_context():
        assert queries.get_visible_ticket(ana, number).channel.value == "staff"
    bad = post_form(client, "/tickets/new", {"subject": "x", "priority": "high", "requester_id": "99999"})
    assert bad.status_code == 422
    found = client.get("/tickets/people?q=ana").json["items"]
    assert [item["label"] for item in found] == ["Ana"]


def test_a_thread_of_the_requester_holds_no_note(
    client: FlaskClient, people: People, ticket: Ticket, app: Flask, carla: Viewer
) -> None:
    with app.app_context():
        note = NewMessage("SECRET", MessageKind.internal_note, uploads=(("secret.txt", b"SECRET"),))
        actions.add_message(carla, ticket.number, note)
        actions.add_automated_reply(ticket.id, "Got it", "We got it.", "e1", {"label": "SECRET reason"})
    sign_in(client, people.ana)
    for path in (f"/tickets/{ticket.number}", f"/tickets/{ticket.number}?fragment=1&after=0", "/tickets?q=secret"):
        assert "secret" not in text_of(client.get(path)).replace("q=secret", "").replace('value="secret"', "").lower()
    page = text_of(client.get(f"/tickets/{ticket.number}"))
    assert "Automatic reply" in page
    assert "<strong>no</strong>" in page
    assert "pane-n" not in page


def test_foreign_and_missing_tickets_answer_the_same(client: FlaskClient, people: People, ticket: Ticket) -> None:
    sign_in(client, people.bruno)
    answers = []
    for number in (ticket.number, 987_654):
        for method, path in (
            ("get", ""), ("post", "/messages"), ("post", "/close"), ("post", "/reopen"), ("post", "/properties"),
        ):  # fmt: skip
            call = client.get if method == "get" else lambda p: post_form(client, p, {"body": "x"})
            answer = call(f"/tickets/{number}{path}")
            answers.append((path, answer.status_code))
    half = len(answers) // 2
    assert answers[:half] == answers[half:]
    assert {status for path, status in answers if path != "/properties"} == {404}
    assert dict(answers)["/properties"] == 403


def test_staff_reply_note_and_change(client: FlaskClient, people: People, ticket: Ticket, app: Flask) -> None:
    sign_in(client, people.carla)
    path = f"/tickets/{ticket.number}"
    assert "msg--note" not in text_of(client.get(path))
    assert post_form(client, f"{path}/messages", {"body": "Hello", "then": "pending-requester"}).status_code == 303
    assert post_form(client, f"{path}/messages", {"body": "Psst", "kind": "internal_note"}).status_code == 303
    assert post_form(client, f"{path}/take").status_code == 303
    page = text_of(client.get(path))
    assert "msg--note" in page
    assert "· only staff can see this" in page
    assert "Waiting on requester" in page
    with app.app_context():
        now = queries.get_visible_ticket(factories.viewer(people.carla), ticket.number)
    assert (now.status, now.assignee_id, now.revision) == (Status.pending, people.carla.id, 3)
    change = {"status": "solved", "priority": "low", "assignee_id": "", "revision": "3"}
    assert post_form(client, f"{path}/properties", change).status_code == 303
    with app.app_context():
        now = queries.get_visible_ticket(factories.viewer(people.carla), ticket.number)
    assert (now.status, now.assignee_id, now.priority.value) == (Status.solved, None, "low")
    assert post_form(client, f"{path}/properties", change | {"status": "closed"}).status_code == 303
    assert "in the meantime" in text_of(client.get(path))


@pytest.mark.parametrize("data", [{}, {"body": "  "}, {"body": "x" * 20_001}, {"body": "x\x00"}])
def test_bad_messages_are_refused(client: FlaskClient, people: People, ticket: Ticket, data: dict[str, str]) -> None:
    for person in (people.ana, people.carla):
        own = client.application.test_client()
        sign_in(own, person)
        for kind in ("public_reply", "internal_note"):
            answer = post_form(own, f"/tickets/{ticket.number}/messages", data | {"kind": kind})
            assert answer.status_code in (422, 403)
            assert "data-error-summary" in answer.text


def test_requesters_write_close_and_reopen(client: FlaskClient, people: People, ticket: Ticket, app: Flask) -> None:
    sign_in(client, people.ana)
    path = f"/tickets/{ticket.number}"
    assert post_form(client, f"{path}/messages", {"body": "More", "then": "solved"}).status_code == 403
    assert post_form(client, f"{path}/messages", {"body": "More"}).status_code == 303
    assert post_form(client, f"{path}/close").status_code == 303
    assert "Closed" in text_of(client.get(path))
    assert post_form(client, f"{path}/reopen").status_code == 303
    assert post_form(client, f"{path}/take").status_code == 403


def test_the_queue_filters_sorts_and_pages(client: FlaskClient, people: People, app: Flask, ana: Viewer) -> None:
    with app.app_context():
        made = [actions.open_ticket(ana, NewTicket(f"Ticket {i}", "x")).number for i in range(53)]
    sign_in(client, people.carla)

    def shown(query: str) -> list[int]:
        return [int(n) for n in re.findall(r'data-number="(\d+)"', text_of(client.get(f"/tickets{query}")))]

    assert shown("?sort=newest") == made[:2:-1]
    page = text_of(client.get("/tickets?sort=newest"))
    older = re.search(r'rel="next" href="([^"]+)"', page)
    assert older
    assert shown(older[1].replace("&amp;", "&")) == made[2::-1]
    assert "Not a valid choice" not in text_of(client.get("/tickets"))  # what was not asked for is no mistake
    assert "Not a valid choice" in text_of(client.get("/tickets?status=x"))
    assert shown("?q=%2352000") == []
    assert shown(f"?q=%23{made[3]}") == [made[3]]
    assert shown("?view=mine") == []
    assert len(shown("?fragment=1&status=new")) == 50


@pytest.mark.parametrize(
    "query",
    ["?view=x", "?sort=x", "?status=x", "?service_id=x", "?assignee_id=-1", "?requester_id=99999999999999999999",
     "?cursor=abc", "?q=" + "x" * 500, "?q=%22", "?fragment=1&cursor=!!", "?view=due_today&sort=priority"],
)  # fmt: skip
def test_odd_addresses_of_the_queue_show_a_page(client: FlaskClient, people: People, query: str) -> None:
    sign_in(client, people.carla)
    assert client.get(f"/tickets{query}").status_code == 200


def test_the_queue_costs_the_same_for_5_and_50_rows(
    client: FlaskClient, people: People, app: Flask, ana: Viewer, count_queries: Any
) -> None:
    sign_in(client, people.carla)

    def cost() -> int:
        client.get("/tickets")
        with count_queries() as statements:
            text_of(client.get("/tickets"))
        return len(statements)

    with app.app_context():
        for i in range(5):
            actions.open_ticket(ana, NewTicket(f"Ticket {i}", "x"))
    few = cost()
    with app.app_context():
        for i in range(45):
            actions.open_ticket(ana, NewTicket(f"Ticket {i}", "x"))
    assert cost() == few


def test_many_are_changed_at_once(client: FlaskClient, people: People, app: Flask, ana: Viewer, carla: Viewer) -> None:
    with app.app_context():
        made = [actions.open_ticket(ana, NewTicket(f"Ticket {i}", "x")).number for i in range(3)]
        actions.set_status(carla, made[2], Status.closed)
    sign_in(client, people.carla)
    keep = {"status": "solved", "priority": "keep", "assignee_id": "keep", "team_id": "keep"}
    answer = post_form(client, "/tickets/bulk", keep | {"number": [str(n) for n in made], "back": "/tickets?view=all"})
    assert answer.headers["Location"] == "/tickets?view=all"
    page = text_of(client.get("/tickets?view=all"))
    assert "2 tickets changed." in page
    assert f"#{made[2]}:" in page
    for bad in ({"status": "x", "number": str(made[0])}, {"status": "solved"}, keep | {"number": "x"}):
        assert post_form(client, "/tickets/bulk", bad | {"back": "//evil.example"}).headers["Location"] in (
            "/tickets",
            "/",
        )
    with app.app_context():
        done = queries.list_queue(carla, QueueFilter(view=View.done), carla_now(app)).rows
    assert len(done) == 3
    requester = client.application.test_client()
    sign_in(requester, people.ana)
    assert post_form(requester, "/tickets/bulk", keep | {"number": str(made[0])}).status_code == 403
    assert requester.get("/tickets/people?q=a").status_code == 403


def carla_now(app: Flask) -> Any:
    return app.extensions["helpdesk"].clock.now()


def test_notices_of_the_form_come_from_plugins(client: FlaskClient, people: People) -> None:
    sign_in(client, people.ana)
    for query in ("", "?service_id=1&text=vpn", "?service_id=x&text=", "?service_id=999999999999&text=" + "x" * 900):
        assert client.get(f"/tickets/new/notices{query}").status_code == 200
