"""Mail: what may be queued, how it goes out, and what becomes of it when the server does not want it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.config import Settings
from helpdesk.core import outbox
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db, transaction
from helpdesk.core.errors import Conflict, Invalid
from helpdesk.core.outbox import Item
from helpdesk.hooks.specs import MailReference
from helpdesk.mail import actions, messages, queries, rules
from helpdesk.mail.models import MailState, OutgoingMail
from helpdesk.scheduling.relay import Relay, run_until_idle
from tests import databases, factories
from tests.fixtures import People
from tests.servers import free_port


class Sink:
    """A mail server that keeps what it takes, and says to recipients what it is told to say."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], EmailMessage]] = []
        self.answers: dict[str, str] = {}

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        message = BytesParser(policy=default).parsebytes(envelope.content)
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, message))  # type: ignore[arg-type]
        return "250 taken"


@pytest.fixture
def sink() -> Iterator[tuple[Sink, int]]:
    sink, port = Sink(), free_port()
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    controller.start()
    yield sink, port
    controller.stop()


@pytest.fixture
def smtp_app(make_app: Any, database_url: str, tmp_path: Path, clock: FixedClock, sink: tuple[Sink, int]) -> Flask:
    settings = databases.make_settings(
        database_url,
        tmp_path / "i",
        plugins="",
        smtp_url=f"smtp://127.0.0.1:{sink[1]}",
        public_url="https://help.example",
    )
    app: Flask = make_app(settings, clock)
    return app


def queue(app: Flask, to: str = "ana@helpdesk.example", subject: str = "Hello", **more: Any) -> str | None:
    with app.app_context(), transaction():
        return actions.queue_mail(to, subject, more.pop("text", "A text"), event_id=more.pop("event_id", "e1"), **more)


def records(app: Flask) -> list[OutgoingMail]:
    with app.app_context():
        return list(db.session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)))


@pytest.mark.parametrize("address", ["ana@example.org", "a.b+c@sub.example.org", "help@localhost"])
def test_plain_mailboxes_are_addresses(address: str) -> None:
    assert rules.is_address(address)


@pytest.mark.parametrize(
    "address",
    ["", "ana@", "@example.org", "ana@example.org\n", "ana@example.org\r\nBcc: eve@example.org", "a b@example.org",
     "ana@corp.test)<eve@evil.test>", "Ana <ana@example.org>", '"ana"@example.org', "ana@exa_mple.org", "ana@-x.org",
     "a..b@example.org", "ana@example.org,eve@example.org", "ana\0@example.org", "x" * 65 + "@example.org"],
)  # fmt: skip
def test_nothing_else_is_an_address(app: Flask, address: str) -> None:
    assert not rules.is_address(address)


def test_what_could_break_out_of_a_header_is_refused(app: Flask) -> None:
    with pytest.raises(Invalid):
        queue(app, "eve@example.org\nBcc: ana@example.org")
    for bad in ("Hi\r\nBcc: x@example.org", "Hi\nthere", "a\0b", "a\u2028b"):
        with pytest.raises(ValueError, match="one line"):
            queue(app, subject=bad)
        with pytest.raises(ValueError, match="one line"):
            queue(app, headers={"References": bad})
    with pytest.raises(ValueError, match="not for others"):
        queue(app, headers={"Bcc": "eve@example.org"})


def test_without_a_server_mail_is_kept(app: Flask) -> None:
    queue(app)
    queue(app)  # the same effect
    run_until_idle(app)
    (mail,) = records(app)
    assert (mail.state, mail.recipient, mail.subject) == (MailState.kept, "ana@helpdesk.example", "Hello")


def test_a_mail_goes_out_as_it_should(smtp_app: Flask, sink: tuple[Sink, int]) -> None:
    outbox_id = queue(smtp_app, text="Line <one>\n\nSee https://help.example/tickets/1.", is_automatic_reply=True)
    run_until_idle(smtp_app)
    ((sender, recipients, message),) = sink[0].mails
    assert (sender, recipients) == ("<>", ["ana@helpdesk.example"])
    assert message["Message-ID"] == f"<{outbox_id}@help.example>"
    assert message["Auto-Submitted"] == "auto-replied"
    with smtp_app.app_context():
        assert message[messages.INSTANCE_HEADER] == messages.instance_id(messages.current_settings())
    plain, html = (message.get_body(kinds) for kinds in (("plain",), ("html",)))
    assert plain is not None
    assert html is not None
    assert "Line <one>" in plain.get_content()
    assert "Line &lt;one&gt;" in html.get_content()
    assert '<a href="https://help.example/tickets/1">' in html.get_content()
    (record,) = records(smtp_app)
    assert (record.state, record.error) == (MailState.sent, None)


def test_other_mail_comes_from_the_desk(smtp_app: Flask, sink: tuple[Sink, int]) -> None:
    queue(smtp_app)
    run_until_idle(smtp_app)
    ((sender, _recipients, message),) = sink[0].mails
    assert (sender, message["Auto-Submitted"]) == ("help@localhost", "auto-generated")


def test_refused_for_good_is_failed_until_somebody_tries_again(
    smtp_app: Flask, sink: tuple[Sink, int], people_of: Any, clock: FixedClock
) -> None:
    sink[0].answers["ana@helpdesk.example"] = "550 no such user"
    queue(smtp_app, reference=MailReference("told", "7"))
    queue(smtp_app, event_id="e2", to="bruno@helpdesk.example")  # nobody asks about it
    run_until_idle(smtp_app)
    record = records(smtp_app)[0]
    assert (record.state, record.error) == (MailState.failed, "550 no such user")
    assert accepted(smtp_app) == []
    sink[0].answers.clear()
    adam = people_of(smtp_app)
    with smtp_app.app_context():
        actions.retry_mail(adam, record.id)
        with pytest.raises(Conflict):
            actions.retry_mail(adam, record.id)
    run_until_idle(smtp_app)
    assert records(smtp_app)[0].state is MailState.sent
    with smtp_app.app_context():
        item = Item("", "e1", "mail", "", {"reference": ["told", "7"]}, 2, clock.now())
        actions.note_accepted(record.id, item, clock.now())  # by whoever else had it in hand
    assert [accepted(smtp_app, "other"), accepted(smtp_app), accepted(smtp_app)] == [[], [("7", clock.now())], []]


def accepted(app: Flask, topic: str = "told") -> list[tuple[str, datetime]]:
    """What the mail server took of this topic and nobody has asked for yet."""
    with app.app_context():
        expected = queries.has_accepted(topic)
        with transaction():
            found = actions.take_accepted(topic, 10)
    assert expected is bool(found)
    return found


@pytest.fixture
def people_of() -> Any:
    def make(app: Flask) -> Any:
        with app.app_context():
            return factories.viewer(factories.make_user("Adam", "administrator"))

    return make


def test_refused_for_now_is_tried_again_under_the_same_id(
    smtp_app: Flask, clock: FixedClock, sink: tuple[Sink, int]
) -> None:
    sink[0].answers["ana@helpdesk.example"] = "450 mailbox busy"
    outbox_id = queue(smtp_app)
    run_until_idle(smtp_app)
    assert records(smtp_app)[0].state is MailState.waiting
    sink[0].answers.clear()
    clock.advance(seconds=2)
    run_until_idle(smtp_app)
    ((_sender, _recipients, message),) = sink[0].mails
    assert outbox_id is not None
    assert outbox_id in message["Message-ID"]


def test_a_dead_server_is_left_alone_after_five_failures(
    make_app: Any, database_url: str, tmp_path: Path, clock: FixedClock
) -> None:
    settings = databases.make_settings(
        database_url, tmp_path / "i", plugins="", smtp_url=f"smtp://127.0.0.1:{free_port()}"
    )
    app = make_app(settings, clock)
    for number in range(8):
        queue(app, f"p{number}@helpdesk.example")
    run_until_idle(app)
    texts = [record.error for record in records(app)]
    assert sum("Refused" in (text or "") for text in texts) == 5
    assert texts.count(None) == 3, "the rest were not even tried"


def test_a_crash_after_sending_sends_at_most_once_more_under_the_same_id(
    smtp_app: Flask, clock: FixedClock, sink: tuple[Sink, int]
) -> None:
    queue(smtp_app)
    dead = Relay(smtp_app)
    (item,) = dead.lease()
    with smtp_app.app_context():
        smtp_app.extensions["helpdesk"].deliverers["mail"](item)  # sent and noted, then the process ends
    clock.advance(minutes=2)
    run_until_idle(smtp_app)
    assert len(sink[0].mails) == 1


def test_automatic_replies_have_a_budget(app: Flask, clock: FixedClock) -> None:
    state = app.extensions["helpdesk"]
    state.settings = state.settings.model_copy(update={"replies_per_hour": 2})
    for number in range(3):
        queue(app, event_id=f"e{number}", is_automatic_reply=True)
    queue(app, event_id="person")
    run_until_idle(app)
    assert len(records(app)) == 3, "the third reply waits, other mail does not"
    clock.advance(hours=1, seconds=1)
    run_until_idle(app)
    assert len(records(app)) == 4


def test_only_administrators_read_mail(app: Flask, client: FlaskClient, people: People) -> None:
    queue(app, text="Secret <b>words</b>")
    run_until_idle(app)
    other = app.test_client()
    factories.sign_in(other, people.teresa)
    assert other.get("/admin/mail").status_code == 403
    factories.sign_in(client, people.adam)
    page = client.get("/admin/mail?state=kept&recipient=ana").get_data(as_text=True)
    assert "ana@helpdesk.example" in page
    mail_id = next(r.id for r in records(app) if r.subject == "Hello")
    one = client.get(f"/admin/mail/{mail_id}").get_data(as_text=True)
    assert "Secret &lt;b&gt;words&lt;/b&gt;" in one
    html = client.get(f"/admin/mail/{mail_id}/html")
    assert html.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert client.get("/admin/mail/999999").status_code == 404


def test_administrators_see_that_the_outbox_is_paused(app: Flask, client: FlaskClient, people: People) -> None:
    factories.sign_in(client, people.adam)
    assert "outbox release" not in client.get("/admin/mail").text
    with app.app_context(), transaction() as session:
        session.add(outbox.OutboxHold(id=1, since=databases.START, reason="a backup was restored"))
    assert "outbox release" in client.get("/admin/mail").text


def test_servers_are_read_from_their_address() -> None:
    server = rules.parse_server("smtp://us%40er:p%3Aw@mail.example:587?starttls=1")
    assert (server.host, server.port, server.user, server.password) == ("mail.example", 587, "us@er", "p:w")
    assert server.starts_tls
    assert rules.parse_server("smtps://mail.example").port == 465
    assert [rules.is_final(code) for code in (550, 535, 450, 250)] == [True, False, False, False]


def test_settings_name_no_server_by_default(settings: Settings) -> None:
    assert settings.smtp_url is None
