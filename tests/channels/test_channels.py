"""Channels for chat and SMS: which addresses are taken, what arrives, and what becomes of what does not."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk.audit.models import AuditEntry
from helpdesk.channels import actions, queries, rules
from helpdesk.cli.doctor import examine
from helpdesk.config import BadSettings, load_settings
from helpdesk.core import notifying, outbox
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db, transaction
from helpdesk.core.errors import Conflict, Forbidden
from helpdesk.core.outbox import OutboxRow, OutboxState
from helpdesk.scheduling.relay import run_until_idle
from tests import databases, factories
from tests.channels.receiver import Receiver
from tests.fixtures import People

SECRET = "s3cr3t-of-the-hook"


@pytest.fixture
def app(make_app: Any, database_url: str, tmp_path: Path, clock: FixedClock, receiver: Receiver) -> Flask:
    settings = databases.make_settings(
        database_url, tmp_path / "i", plugins="", notify_urls=receiver.address, locale="es"
    )
    made: Flask = make_app(settings, clock)
    return made


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """The lines that logs of a running process would get. (`caplog` also listens where nobody else does.)"""
    lines: list[str] = []
    handler, root = logging.Handler(), logging.getLogger()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    before = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(handler)
    yield lines
    root.removeHandler(handler)
    root.setLevel(before)


def queue(event_id: str = "call-1") -> int:
    with transaction():
        return actions.queue_notification("1: VPN\nis down", "Look at it.", event_id=event_id, level=1)


def fail_after_queueing() -> None:
    with transaction():
        actions.queue_notification("Title", "Text", event_id="call-1")
        raise RuntimeError("no")


def rows() -> list[OutboxRow]:
    db.session.rollback()
    return queries.list_messages(50)


# --- the setting -------------------------------------------------------------------------------------------------


def settings_of(addresses: str) -> Any:
    return load_settings({"HELPDESK_NOTIFY_URLS": addresses, "HELPDESK_SECRET_KEY": "k" * 40})


def test_addresses_are_separated_by_spaces_or_commas() -> None:
    split = notifying.split_addresses
    assert split(" json://a/b, jsons://u:p@c  sinch://x/1,2 ,json://a/b,") == (
        "json://a/b", "jsons://u:p@c", "sinch://x/1,2",
    )  # fmt: skip
    assert split("") == split(" , ") == ()


@pytest.mark.parametrize(
    ("addresses", "reason"),
    [
        ("json://127.0.0.1 slakc://verysecret/token", "number 2 begins with slakc://, which Apprise does not know"),
        ("slack://verysecret", "number 1 lacks a part that slack:// needs"),
        ("verysecret", "number 1 is no address"),
        ("mailto://verysecret:verysecret@", "number 1 lacks a part that mailto:// needs"),
    ],
)
def test_an_address_that_apprise_does_not_know_stops_the_start_and_is_not_shown(
    addresses: str, reason: str, capfd: pytest.CaptureFixture[str], logged: list[str]
) -> None:
    with pytest.raises(BadSettings, match="HELPDESK_NOTIFY_URLS") as refused:
        settings_of(addresses)
    assert reason in str(refused.value)
    assert "verysecret" not in str(refused.value) + "".join([*capfd.readouterr(), *logged])


def test_the_settings_do_not_print_the_addresses() -> None:
    settings = settings_of(f"json://127.0.0.1/{SECRET}")
    assert settings.notify_addresses == (f"json://127.0.0.1/{SECRET}",)
    assert SECRET not in repr(settings) + str(settings)


def test_apprise_is_not_loaded_without_channels() -> None:
    code = "import sys, helpdesk.app as a; a._room_modules(); from helpdesk.config import load_settings as load\n"
    code += "load({'HELPDESK_SECRET_KEY': 'k' * 40}); print('apprise' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_no_part_of_an_address_is_left_in_a_text() -> None:
    address = "slack://T1JJ3T3L2/A1BRTD4JD/TIiaj%2FkVIAX3WlaGQr6/#calls"
    said = "No answer from T1JJ3T3L2 at hooks.slack.com/A1BRTD4JD/TIiaj/kVIAX3WlaGQr6\nfor #calls, slack: error=403"
    assert notifying.without_secrets(said, address) == (
        "No answer from … at hooks.slack.com/…/…/… for #…, slack: error=403"
    )


# --- sending -----------------------------------------------------------------------------------------------------


def test_a_message_arrives_after_the_commit_once_with_its_number(app: Flask, receiver: Receiver) -> None:
    with app.app_context():
        assert queue() == 1
        assert queue() == 0  # the same event again
        assert receiver.messages == []
        run_until_idle(app)
        [row] = rows()
    [message] = receiver.messages
    assert message["title"] == "1: VPN is down"
    assert message["message"] == f"Look at it.\n({row.id[:8]})"
    assert message["type"] == "failure"
    assert row.state is OutboxState.done
    assert SECRET not in f"{row.recipient} {row.payload}"


def test_nothing_is_sent_of_a_transaction_that_fails(app: Flask, receiver: Receiver) -> None:
    with app.app_context():
        with pytest.raises(RuntimeError, match="no"):
            fail_after_queueing()
        run_until_idle(app)
        assert rows() == []
    assert receiver.messages == []


def test_what_is_refused_is_tried_again_under_the_same_number(
    app: Flask, receiver: Receiver, clock: FixedClock, logged: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    receiver.status = 503
    with app.app_context():
        queue()
        run_until_idle(app)
        [row] = rows()
        assert (row.state, row.attempts) == (OutboxState.ready, 1)
        assert row.due_at > clock.now()
        assert "json: Failed to send JSON POST notification" in (row.last_error or "")
        assert "error=503" in (row.last_error or "")
        receiver.status = 200
        clock.advance(minutes=5)
        run_until_idle(app)
        assert rows()[0].state is OutboxState.done
    [message] = receiver.messages
    assert message["message"].endswith(f"({row.id[:8]})")
    said = "".join([*capfd.readouterr(), *logged])
    assert "error=503" in said  # the failed attempt stands in the logs
    assert SECRET not in said + (row.last_error or "")


def test_what_is_not_taken_for_hours_is_given_up_and_can_be_tried_again(
    app: Flask, people: People, receiver: Receiver, clock: FixedClock
) -> None:
    adam = factories.viewer(people.adam)
    receiver.status = 403
    with app.app_context():
        queue()
        run_until_idle(app)
        clock.set(clock.now() + rules.OF_USE_FOR + timedelta(hours=1))
        run_until_idle(app)
        [row] = rows()
        assert row.state is OutboxState.dead
        found = {name: (is_good, said) for name, is_good, said in examine(app)}
        assert found["channels"] == (False, "did not take 1 messages. See Administration, Channels")
        receiver.status = 200
        with pytest.raises(Forbidden):
            actions.retry_message(factories.viewer(people.teresa), row.id)
        actions.retry_message(adam, row.id)
        with pytest.raises(Conflict):
            actions.retry_message(adam, row.id)
        run_until_idle(app)
        assert rows()[0].state is OutboxState.done
        assert [name for name, is_good, said in examine(app) if name == "channels" and is_good and said == "json"]
    assert len(receiver.messages) == 1


def test_a_service_that_is_not_there_is_a_failure(app: Flask, receiver: Receiver) -> None:
    receiver.shutdown()
    receiver.server_close()
    with app.app_context():
        queue()
        run_until_idle(app)
        [row] = rows()
    assert row.state is OutboxState.ready
    assert "A Connection error occurred" in (row.last_error or "")


def test_a_channel_that_the_settings_do_not_name_any_more_is_given_up(app: Flask, receiver: Receiver) -> None:
    with app.app_context():
        with transaction():
            outbox.send(outbox.NOTIFY_CHANNEL, "gone", {}, event_id="call-1")
        run_until_idle(app)
        [row] = rows()
    assert (row.state, receiver.messages) == (OutboxState.dead, [])
    assert "do not name this channel" in (row.last_error or "")


# --- the page ----------------------------------------------------------------------------------------------------


def test_an_administrator_sends_a_test_and_sees_what_became_of_it(
    app: Flask, people: People, receiver: Receiver
) -> None:
    client = app.test_client()
    factories.sign_in(client, people.adam)
    said = factories.post_form(client, "/admin/channels/test", follow_redirects=True).text
    assert "Se envía un mensaje de prueba a 1 canal." in said  # the language of the house
    run_until_idle(app)
    [message] = receiver.messages
    assert "Adam" in message["message"]
    receiver.status = 403
    with app.app_context():
        queue()
    run_until_idle(app)
    page = client.get("/admin/channels").text
    assert "json: Failed to send JSON POST notification: error=403." in page
    assert "ChannelFailed" not in page
    assert SECRET not in page
    assert str(receiver.server_port) not in page
    with app.app_context():
        [entry] = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "channels.tested"))
    assert entry.after == {"channels": 1}


def test_without_channels_the_page_says_so_and_nothing_is_queued(
    make_app: Any, database_url: str, tmp_path: Path, clock: FixedClock, people: People
) -> None:
    made: Flask = make_app(databases.make_settings(database_url, tmp_path / "n", plugins=""), clock)
    client = made.test_client()
    factories.sign_in(client, people.adam)
    assert "No channel is set." in client.get("/admin/channels").text
    with made.app_context():
        assert queue() == 0
        with pytest.raises(Conflict):
            actions.send_test(factories.viewer(people.adam))
        assert rows() == []
