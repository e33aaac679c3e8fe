"""Automated replies: in the thread and in the mail alike, in the requester's language, never to machines twice."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.accounts.models import User
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db
from helpdesk.core.errors import Forbidden, Invalid, Stale
from helpdesk.hooks.specs import ReplyText
from helpdesk.mail.models import OutgoingMail
from helpdesk.replies import actions, queries, rules, shipped
from helpdesk.replies.models import ReplyEvent
from helpdesk.replies.rules import Text
from helpdesk.scheduling.relay import run_until_idle
from helpdesk.tickets import actions as tickets
from helpdesk.tickets.models import Message
from helpdesk.tickets.rules import Change, MessageKind, NewMessage, NewTicket, Status
from tests import factories
from tests.fixtures import People


def open_ticket(app: Flask, user: User, subject: str = "Cannot print") -> int:
    with app.app_context():
        number = tickets.open_ticket(factories.viewer(user), NewTicket(subject, "It does nothing.")).number
    run_until_idle(app)
    return number


def reply(app: Flask, user: User, number: int, body: str = "More") -> None:
    with app.app_context():
        tickets.add_message(factories.viewer(user), number, NewMessage(body))
    run_until_idle(app)


def automated(app: Flask) -> list[Message]:
    query = select(Message).where(Message.kind == MessageKind.automated_reply).order_by(Message.id)
    with app.app_context():
        return list(db.session.scalars(query))


def mails(app: Flask) -> list[OutgoingMail]:
    with app.app_context():
        return list(db.session.scalars(select(OutgoingMail).where(OutgoingMail.is_automatic_reply)))


@pytest.mark.both_databases
def test_a_ticket_is_answered_in_thread_and_mail_with_the_same_text(app: Flask, people: People) -> None:
    number = open_ticket(app, people.ana)
    (message,), (mail,) = automated(app), mails(app)
    assert f"#{number}" in (message.subject or "")
    assert "Hello Ana" in message.body_text
    assert (mail.recipient, mail.subject, mail.text) == (people.ana.email, message.subject, message.body_text)
    assert mail.headers["Auto-Submitted"] == "auto-replied"
    assert message.reason == {"event": "received"}


@pytest.mark.both_databases
def test_an_answer_of_staff_goes_out_by_mail_once(app: Flask, people: People) -> None:
    number = open_ticket(app, people.ana, "Cannot print")
    reply(app, people.carla, number, "Please try *again*.")
    reply(app, people.ana, number, "It works.")
    with app.app_context():
        tickets.add_message(
            factories.viewer(people.carla), number, NewMessage("Old cable.", kind=MessageKind.internal_note)
        )
    run_until_idle(app)
    with app.app_context():
        [mail] = db.session.scalars(select(OutgoingMail).where(~OutgoingMail.is_automatic_reply)).all()
    assert (mail.recipient, mail.subject) == (people.ana.email, f"[#{number}] Re: Cannot print")
    assert all(words in mail.text for words in ("Carla", "Please try", f"/tickets/{number}"))
    assert "Auto-Submitted" not in mail.headers


def test_the_same_event_twice_answers_once(app: Flask, people: People) -> None:
    open_ticket(app, people.ana)
    (message,) = automated(app)
    with app.app_context():
        assert actions.send_reply(ReplyEvent.received, message.ticket_id, str(message.cause_id)) is None
    run_until_idle(app)
    assert len(automated(app)) == len(mails(app)) == 1


def test_the_language_is_the_requesters(app: Flask, people: People) -> None:
    open_ticket(app, factories.make_user("Luz", locale="es"))
    open_ticket(app, factories.make_user("Rui", locale="pt"))
    assert ["Hola, Luz" in m.body_text for m in automated(app)] == [True, False]
    assert "Olá, Rui" in automated(app)[1].body_text


def test_without_a_mailbox_the_text_is_in_the_thread(app: Flask, people: People) -> None:
    open_ticket(app, factories.make_user("Max", email=None))
    assert len(automated(app)) == 1
    assert mails(app) == []


def test_a_plugin_takes_the_place_of_the_normal_text(app: Flask, people: People, speaker: list[Any]) -> None:
    speaker.append(ReplyText("VPN is down", "We know, {braces} stay.", {"announcement_id": 4}))
    open_ticket(app, people.ana)
    (message,) = automated(app)
    assert (message.subject, message.body_text) == ("VPN is down", "We know, {braces} stay.")
    assert message.reason == {"event": "received", "announcement_id": 4}


@pytest.mark.parametrize("answer", [RuntimeError("broken"), ReplyText("x", "  "), "not a text"])
def test_a_broken_plugin_leaves_the_normal_text(app: Flask, people: People, speaker: list[Any], answer: Any) -> None:
    speaker.append(answer)
    open_ticket(app, people.ana)
    assert "Hello Ana" in automated(app)[0].body_text


def test_replies_are_acknowledged_once_in_ten_minutes(app: Flask, people: People, clock: FixedClock) -> None:
    number = open_ticket(app, people.ana)
    for _minute in range(5):
        reply(app, people.ana, number)
        clock.advance(minutes=1)
    assert [m.reason for m in automated(app)[1:]] == [{"event": "reply_received"}]
    clock.advance(minutes=10)
    reply(app, people.ana, number)
    assert len(automated(app)) == 3
    reply(app, people.carla, number, "From staff")
    assert len(automated(app)) == 3


def test_solving_and_closing_are_told(app: Flask, people: People) -> None:
    number = open_ticket(app, people.ana)
    for status in (Status.solved, Status.closed):
        with app.app_context():
            tickets.change_ticket(factories.viewer(people.carla), number, Change(status=status))
        run_until_idle(app)
    assert [(m.reason or {})["event"] for m in automated(app)] == ["received", "solved", "closed"]


def test_a_ticket_that_was_reopened_is_not_called_solved(app: Flask, people: People) -> None:
    number = open_ticket(app, people.ana)
    with app.app_context():
        actor = factories.viewer(people.carla)
        tickets.change_ticket(actor, number, Change(status=Status.solved))
        tickets.change_ticket(actor, number, Change(status=Status.open))
    run_until_idle(app)
    assert [(m.reason or {})["event"] for m in automated(app)] == ["received"]


def test_switched_off_only_plugins_speak(app: Flask, people: People, speaker: list[Any]) -> None:
    with app.app_context():
        actions.switch_reply(factories.viewer(people.adam), ReplyEvent.received, False)
    open_ticket(app, people.ana)
    assert automated(app) == []
    speaker.append(ReplyText(None, "VPN is down"))
    open_ticket(app, people.ana)
    assert automated(app)[0].body_text == "VPN is down"


def test_templates_are_checked_saved_and_reset(app: Flask, people: People) -> None:
    with app.app_context():
        adam, teresa = factories.viewer(people.adam), factories.viewer(people.teresa)
        own = Text("Got {ticket_number}", "Hi {requester_name}, {ticket_subject}")
        with pytest.raises(Forbidden):
            actions.save_template(teresa, ReplyEvent.received, "en", own, 0)
        for bad, name in ((Text("{who}", "x"), "subject"), (Text("x", "{status}"), "body"), (Text("x", " "), "body")):
            with pytest.raises(Invalid) as error:
                actions.save_template(adam, ReplyEvent.received, "en", bad, 0)
            assert list(error.value.fields) == [name]
        actions.save_template(adam, ReplyEvent.received, "en", own, 0)
        with pytest.raises(Stale) as stale:
            actions.save_template(adam, ReplyEvent.received, "en", Text("a", "b"), 0)
        assert stale.value.current["subject"] == own.subject
    open_ticket(app, people.ana, "A {status} in braces")
    assert automated(app)[0].body_text == "Hi Ana, A {status} in braces"
    with app.app_context():
        actions.reset_template(factories.viewer(people.adam), ReplyEvent.received, "en")
        assert queries.get_template(ReplyEvent.received, "en").text == shipped.TEXTS["en"][ReplyEvent.received]


def test_every_shipped_text_uses_known_blanks() -> None:
    for language, texts in shipped.TEXTS.items():
        for event in ReplyEvent:
            text = texts[event]
            assert rules.unknown_blanks(text.subject + text.body, event.value) == [], (language, event)
            assert "{ticket_url}" in text.body


def test_administrators_edit_texts_on_pages(app: Flask, client: FlaskClient, people: People) -> None:
    other = app.test_client()
    factories.sign_in(other, people.teresa)
    assert other.get("/admin/replies").status_code == 403
    factories.sign_in(client, people.adam)
    assert "Ticket received" in client.get("/admin/replies").get_data(as_text=True)
    path = "/admin/replies/received/es"
    assert "Preview with a sample ticket" in client.get(path).get_data(as_text=True)
    text = {"subject": "Hola {ticket_number}", "body": "Texto {ticket_url}", "revision": "0"}
    shown = factories.post_form(client, path + "/preview", text).get_json()
    assert shown["subject"] == "Hola 1042"
    assert factories.post_form(client, path, text | {"body": "{nada}"}).status_code == 422
    assert factories.post_form(client, path, text).status_code in (302, 303)
    assert factories.post_form(client, path, text).status_code == 412
    factories.post_form(client, "/admin/replies/solved/switch", {"is_on": "0"})
    with app.app_context():
        assert queries.get_template(ReplyEvent.received, "es").text.subject == "Hola {ticket_number}"
        assert not queries.is_on(ReplyEvent.solved)
    factories.post_form(client, path + "/reset")
    with app.app_context():
        assert queries.get_template(ReplyEvent.received, "es").revision == 0
    assert client.get("/admin/replies/nothing/es").status_code == 404
