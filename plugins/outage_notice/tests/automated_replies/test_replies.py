"""The outage in automated replies: swapped while it lasts, normal before and after, true at the moment of sending."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from helpdesk.accounts.models import User
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db
from helpdesk.scheduling.relay import run_until_idle
from helpdesk.tickets.actions import open_ticket
from helpdesk.tickets.models import Message
from helpdesk.tickets.rules import MessageKind, NewTicket
from plugins.outage_notice.announcements import actions
from plugins.outage_notice.announcements.rules import Kind, NewUpdate
from plugins.outage_notice.announcements.rules.matching import words_match
from plugins.outage_notice.automated_replies.rules import fill
from plugins.outage_notice.tests.announcing import department, publish
from plugins.outage_notice.tests.banners.test_boards import act
from tests import factories
from tests.fixtures import People

TITLE = "VPN is down for everyone at home"


def reply_to(app: Flask, user: User, subject: str = "Please help", **more: Any) -> Message:
    """Open a ticket, let everything happen that is due, and give its automated reply."""
    with app.app_context():
        ticket = open_ticket(factories.viewer(user), NewTicket(subject=subject, body="It does not work.", **more))
        ticket_id = ticket.id
    run_until_idle(app)
    with app.app_context():
        rows = db.session.query(Message).filter_by(ticket_id=ticket_id, kind=MessageKind.automated_reply).all()
        assert len(rows) == 1
        db.session.expunge(rows[0])
        return rows[0]


@pytest.fixture
def vpn(app: Flask, people: People) -> Any:
    return factories.make_service("VPN", people.town_hall)


def test_it_says_what_is_down_since_when_and_what_to_do(app: Flask, people: People, vpn: Any) -> None:
    published = publish(people.teresa, department(people.finance), services=(vpn,))
    message = reply_to(app, people.ana, service_id=vpn.id)
    for words in (TITLE, "09:00", "Use the browser", f"/notices/{published.id}", "Ana", "no estimate yet", "10:00"):
        assert words in message.body_text
    assert message.reason is not None
    assert message.reason["announcement_ids"] == [published.id]


def test_only_those_concerned_are_told(app: Flask, people: People, vpn: Any) -> None:
    mail = factories.make_service("E-mail", people.town_hall)
    publish(people.teresa, department(people.finance), services=(vpn,))
    assert TITLE not in reply_to(app, people.bruno, service_id=vpn.id).body_text
    assert TITLE not in reply_to(app, people.ana, service_id=mail.id).body_text


def test_a_ticket_without_a_service_matches_by_words(app: Flask, people: People, vpn: Any) -> None:
    publish(people.teresa, department(people.finance), services=(vpn,), keywords="remote access, gateway")
    assert TITLE in reply_to(app, people.ana, "No GATEWAY today").body_text
    assert TITLE not in reply_to(app, people.ana, "My gateways are fine").body_text


def test_the_eta_is_the_one_of_the_moment(app: Flask, people: People, vpn: Any, clock: FixedClock) -> None:
    eta = clock.now() + timedelta(hours=2)
    published = publish(people.teresa, department(people.finance), services=(vpn,), eta=eta)
    assert "11:00" in reply_to(app, people.ana, service_id=vpn.id).body_text
    act(actions.post_update, people.teresa, published.id, NewUpdate(text="Later.", eta=eta + timedelta(hours=1)))
    assert "12:00" in reply_to(app, people.ana, service_id=vpn.id).body_text
    clock.advance(hours=4)
    passed = reply_to(app, people.ana, service_id=vpn.id).body_text
    assert "should have been over at 12:00" in passed
    act(actions.post_update, people.teresa, published.id, NewUpdate(text="Tomorrow.", eta=eta + timedelta(days=1)))
    assert "at about 11:00, Friday, March 13, 2026." in reply_to(app, people.ana, service_id=vpn.id).body_text


def test_it_is_normal_again_when_it_is_over(app: Flask, people: People, vpn: Any) -> None:
    published = publish(people.teresa, department(people.finance), services=(vpn,))
    assert TITLE in reply_to(app, people.ana, service_id=vpn.id).body_text
    act(actions.resolve, people.teresa, published.id, "It works again.")
    assert TITLE not in reply_to(app, people.ana, service_id=vpn.id).body_text


def test_a_maintenance_counts_only_while_it_runs(app: Flask, people: People, vpn: Any, clock: FixedClock) -> None:
    start = clock.now() + timedelta(hours=1)
    publish(
        people.teresa,
        department(people.finance),
        services=(vpn,),
        kind=Kind.maintenance,
        title="VPN maintenance",
        show_from=clock.now(),
        starts_at=start,
        planned_end_at=start + timedelta(hours=2),
        ends_by_itself=True,
    )
    assert "VPN maintenance" not in reply_to(app, people.ana, service_id=vpn.id).body_text
    clock.set(start)
    assert "VPN maintenance" in reply_to(app, people.ana, service_id=vpn.id).body_text
    clock.advance(hours=2)
    assert "VPN maintenance" not in reply_to(app, people.ana, service_id=vpn.id).body_text


def test_a_repeated_maintenance_speaks_of_its_present_time(
    app: Flask, people: People, vpn: Any, clock: FixedClock
) -> None:
    start = clock.now() + timedelta(hours=1)
    publish(
        people.teresa,
        department(people.finance),
        services=(vpn,),
        kind=Kind.maintenance,
        starts_at=start,
        planned_end_at=start + timedelta(hours=2),
        recurrence="FREQ=DAILY",
    )
    clock.set(start + timedelta(days=3, minutes=5))
    text = reply_to(app, people.ana, service_id=vpn.id).body_text
    assert "since 10:00" in text
    assert "over at about 12:00" in text


def test_the_most_severe_wins_and_the_second_is_named(app: Flask, people: People, vpn: Any) -> None:
    publish(people.teresa, department(people.finance), services=(vpn,), severity=3, title="VPN is slow")
    worst = publish(people.teresa, department(people.finance), services=(vpn,), severity=1, title="VPN is gone")
    message = reply_to(app, people.ana, service_id=vpn.id)
    assert message.subject is not None
    assert "VPN is gone" in message.subject
    assert "VPN is slow" in message.body_text
    assert message.reason is not None
    assert message.reason["announcement_ids"][0] == worst.id


@pytest.mark.parametrize("more", [{"mention_in_automated_replies": False}, {"is_drill": True}])
def test_drills_and_unmentioned_outages_leave_it_normal(app: Flask, people: People, vpn: Any, more: Any) -> None:
    publish(people.teresa, department(people.finance), services=(vpn,), **more)
    assert TITLE not in reply_to(app, people.ana, service_id=vpn.id).body_text


def test_the_technicians_own_text_with_its_blanks(app: Flask, people: People, vpn: Any, clock: FixedClock) -> None:
    own = "Dear {requester_name}, about #{ticket_number}: {title}. Back: {eta}. Next: {next_update}."
    published = publish(people.teresa, department(people.finance), services=(vpn,), automated_reply_text=own)
    message = reply_to(app, people.ana, service_id=vpn.id)
    assert f"Dear {people.ana.name}" in message.body_text
    assert "Back: no estimate yet. Next: 10:00." in message.body_text
    eta = clock.now() + timedelta(minutes=30)
    act(actions.post_update, people.teresa, published.id, NewUpdate(text="Soon.", eta=eta))
    assert "Back: 09:30. Next: 10:00." in reply_to(app, people.ana, service_id=vpn.id).body_text
    clock.advance(hours=2)  # what was promised has passed, and is no promise any more
    body = reply_to(app, people.ana, service_id=vpn.id).body_text
    assert "Back: 09:30 (this time has passed; a new estimate follows)." in body
    assert "Next: 10:00 (this time has passed; we have reminded the team)." in body


def test_a_value_that_looks_like_a_blank_stays_text() -> None:
    assert fill("{name} and {other}", {"name": "{other}", "other": "x"}) == "{other} and x"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("the VPN fails", True), ("vpn", True), ("la Vpñ", True), ("vpns", False), ("remote   ACCESS", True), ("", False)],
)
def test_words_match_whole_words_without_case_and_accents(text: str, expected: bool) -> None:
    from types import SimpleNamespace

    known: Any = SimpleNamespace(keywords="remote access", services=(SimpleNamespace(name="VPN"),))
    assert words_match(known, text) is expected
