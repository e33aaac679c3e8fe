"""Outages on the pages of tickets: what requesters are offered, what staff see and do."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.accounts.models import User
from helpdesk.catalog.models import Service
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import transaction
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.rules import Status, Waiting
from plugins.outage_notice.announcements import actions as announcements
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.rules import NewUpdate
from plugins.outage_notice.outages.queries.links import follows
from plugins.outage_notice.outages.rules import How
from plugins.outage_notice.tests.announcing import department, publish
from plugins.outage_notice.tests.outages.conftest import (
    Settle,
    act,
    call,
    link_of,
    messages,
    open_ticket,
    reload,
    write,
)
from tests import factories
from tests.fixtures import People

Browser = Callable[[Any], FlaskClient]


@pytest.fixture
def ticket(people: People, vpn: Service, outage: Announcement, settle: Settle) -> Ticket:
    made = open_ticket(people.ana, vpn, "VPN does not connect")
    settle()
    return made


def page(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.status
    return answer.get_data(as_text=True)


def test_the_form_tells_those_concerned_before_they_write(
    people: People,
    vpn: Service,
    outage: Announcement,
    signed_in: Browser,
) -> None:
    """The hook `ticket_form_notices`."""
    mine, theirs = signed_in(people.ana), signed_in(people.bruno)
    path = f"/tickets/new/notices?service_id={vpn.id}&text=help"
    text = page(mine, path)
    for words in ("We know about this", outage.title, "Follow this outage instead", "No, mine is different", "Use the"):
        assert words in text
    assert "We know about this" in page(mine, "/tickets/new/notices?text=no+gateway+today")
    assert "We know about this" not in page(mine, "/tickets/new/notices?text=no+coffee")
    assert "We know about this" not in page(theirs, path)


def test_only_the_worst_is_offered(people: People, vpn: Service, outage: Announcement, signed_in: Browser) -> None:
    publish(people.teresa, department(people.finance), services=(vpn,), severity=1, title="Nothing works")
    text = page(signed_in(people.ana), f"/tickets/new/notices?service_id={vpn.id}")
    assert "Nothing works" in text
    assert outage.title not in text


def test_following_instead_of_writing(people: People, outage: Announcement, vpn: Service, signed_in: Browser) -> None:
    client, foreign = signed_in(people.ana), signed_in(people.bruno)
    answer = factories.post_form(client, f"/outages/{outage.id}/follow?fragment=1")
    assert f"You follow OUT-{outage.id}" in answer.get_data(as_text=True)
    assert call(follows, outage.id, people.ana.id) is True
    text = page(client, f"/tickets/new/notices?service_id={vpn.id}")
    assert "Send a ticket after all" in text
    assert factories.post_form(foreign, f"/outages/{outage.id}/follow").status_code == 404
    assert factories.post_form(client, f"/outages/{outage.id}/follow").status_code == 303
    factories.post_form(client, f"/outages/{outage.id}/unfollow")
    assert call(follows, outage.id, people.ana.id) is False


def test_a_declined_notice_travels_with_the_ticket(
    people: People,
    vpn: Service,
    outage: Announcement,
    signed_in: Browser,
    settle: Settle,
) -> None:
    client = signed_in(people.ana)
    form = {"subject": "VPN and more", "service_id": str(vpn.id), "declined": f"outage-{outage.id}"}
    answer = factories.post_form(client, "/tickets/new", form)
    assert answer.status_code == 303
    settle()
    found = re.search(r"/tickets/(\d+)", answer.headers["Location"])
    assert found
    text = page(signed_in(people.carla), f"/tickets/{found[1]}")
    assert f"Looks like OUT-{outage.id}" in text
    assert "the requester says that it is different" in text
    refused = factories.post_form(client, "/tickets/new", form | {"subject": ""})
    assert f'name="declined" value="outage-{outage.id}"' in refused.get_data(as_text=True)


def test_staff_see_the_outage_of_a_ticket_and_unlink_with_one_click(
    people: People,
    outage: Announcement,
    ticket: Ticket,
    signed_in: Browser,
) -> None:
    """The strip above the thread, and the hook `ticket_badges` in the queue."""
    client = signed_in(people.carla)
    text = page(client, f"/tickets/{ticket.number}")
    for words in (f"Part of OUT-{outage.id}", "1 ticket linked", "next update by", "its service is affected", "Unlink"):
        assert words in text
    assert f">OUT-{outage.id}</a>" in re.sub(r"<svg.*?</svg>", "", page(client, "/tickets"))
    factories.post_form(client, "/outages/unlink", {"number": ticket.number, "back": f"/tickets/{ticket.number}"})
    assert link_of(ticket) is None
    text = page(client, f"/tickets/{ticket.number}")
    assert "Not linked to an outage" in text
    form = {"number": ticket.number, "announcement_id": outage.id}
    factories.post_form(client, "/outages/link", form)
    link = link_of(ticket)
    assert link is not None
    assert link.how is How.hand


def test_the_requester_sees_what_is_known_while_it_lasts(
    people: People,
    outage: Announcement,
    ticket: Ticket,
    signed_in: Browser,
    settle: Settle,
    clock: FixedClock,
) -> None:
    client = signed_in(people.ana)
    text = page(client, f"/tickets/{ticket.number}")
    assert f"Part of an outage: {outage.title}" in text
    assert "/outages/unlink" not in text
    assert f"Part of OUT-{outage.id}" in page(client, "/tickets")
    act(announcements.resolve, people.teresa, outage.id, "It works.")
    clock.advance(minutes=2)
    settle()
    assert "Part of an outage" not in page(client, f"/tickets/{ticket.number}")
    staff = page(signed_in(people.carla), f"/tickets/{ticket.number}")
    assert f"Was part of OUT-{outage.id}" in staff
    asked = page(signed_in(people.teresa), f"/announcements/{outage.id}/reopen")
    assert "1 person who was told that it is over is told that it is not" in asked


def test_who_moved_keeps_the_ticket_but_reads_nothing_of_the_outage(
    app: Flask, people: People, outage: Announcement, ticket: Ticket, signed_in: Browser
) -> None:
    client = signed_in(people.ana)
    with app.app_context(), transaction() as session:
        session.get_one(User, people.ana.id).department_id = people.sales.id
    assert "Part of an outage" not in page(client, f"/tickets/{ticket.number}")
    assert f"OUT-{outage.id}" not in page(client, "/tickets")


def test_the_queue_groups_tickets_by_outage(
    people: People,
    outage: Announcement,
    ticket: Ticket,
    signed_in: Browser,
    clock: FixedClock,
) -> None:
    client = signed_in(people.carla)
    text = page(client, "/tickets")
    for words in (outage.title, "Reply to all 1", "no reply to all yet", "Open outage", "1 waiting on outage"):
        assert words in text, words
    clock.advance(minutes=1)
    write(people.ana, ticket)
    assert "Replied since" in page(client, "/tickets").partition('class="filters"')[0]
    assert "Reply to all" not in page(signed_in(people.ana), "/tickets")


def test_a_reply_to_all_from_the_form_to_the_results(
    app: Flask,
    people: People,
    outage: Announcement,
    ticket: Ticket,
    signed_in: Browser,
    settle: Settle,
) -> None:
    client, path = signed_in(people.carla), f"/announcements/{outage.id}/reply"
    text = page(client, path)
    assert "1 person gets a reply" in text
    key = re.search(r'name="key"[^>]*value="(\w+)"', text)
    assert key
    assert factories.post_form(client, path, {"text": "  ", "key": key[1]}).status_code == 422
    answer = factories.post_form(client, path, {"text": "A new part is coming.", "key": key[1]})
    assert answer.status_code == 303
    assert "Waits for its turn" in page(client, answer.headers["Location"])
    settle()
    done = page(client, answer.headers["Location"])
    assert "Answered" in done
    assert f"#{ticket.number}" in done
    assert 'http-equiv="refresh"' not in done
    assert messages(app, ticket, "A new part is coming.") == ["A new part is coming."]
    room = page(signed_in(people.teresa), f"/announcements/{outage.id}")
    assert "Replied to all waiting tickets: 1" in room


def test_an_answer_in_one_ticket_can_go_to_all_and_the_outage_has_words_for_it(
    people: People, outage: Announcement, ticket: Ticket, signed_in: Browser
) -> None:
    """The slot `ticket_reply` and the hook `canned_replies`."""
    client = signed_in(people.carla)
    text = page(client, f"/tickets/{ticket.number}")
    assert f'formaction="/announcements/{outage.id}/reply"' in text
    assert f"from OUT-{outage.id}</a>" in text
    act(announcements.post_update, people.teresa, outage.id, NewUpdate(text="A new part is coming."))
    titles = [i["title"] for i in client.get(f"/canned-replies?q=&ticket={ticket.number}").json["items"]]
    assert titles == [f"OUT-{outage.id}: last update", f"OUT-{outage.id}: what is down"]
    [found] = client.get(f"/canned-replies?q=part&ticket={ticket.number}").json["items"]
    assert (found["id"], found["body"]) == (None, "A new part is coming.")
    assert client.get("/canned-replies?q=part&ticket=99999").json["items"] == []
    prepared = factories.post_form(client, f"/announcements/{outage.id}/reply", {"body": "Same for all.", "then": ""})
    assert prepared.status_code == 200
    assert ">Same for all.</textarea>" in prepared.get_data(as_text=True).replace("\n", "").replace("\r", "")
    unlinked = open_ticket(people.ana)
    assert "formaction" not in page(client, f"/tickets/{unlinked.number}").partition('id="pane-r"')[2]


def test_the_outage_lists_its_tickets_and_takes_more(
    people: People,
    vpn: Service,
    outage: Announcement,
    ticket: Ticket,
    signed_in: Browser,
) -> None:
    client, path = signed_in(people.carla), f"/announcements/{outage.id}/tickets"
    before, foreign = open_ticket(people.ana, vpn, "VPN again"), open_ticket(people.bruno, vpn, "VPN in Sales")
    text = page(client, path)
    assert "Waiting on outage" in text
    candidates = text.partition('id="candidates"')[2]
    assert "VPN again" in candidates
    assert "VPN in Sales" not in text
    form = {"announcement_id": outage.id, "numbers": f"#{before.number}, {foreign.number}", "back": path}
    answer = factories.post_form(client, "/outages/link", form, follow_redirects=True).get_data(as_text=True)
    assert "1 ticket linked" in answer
    assert "does not concern the requester" in answer
    assert reload(before).waiting_on is Waiting.outage
    form = {"number": [ticket.number, before.number], "back": path}
    factories.post_form(client, "/outages/unlink", form)
    assert reload(ticket).status is Status.open
    assert link_of(before) is None


def test_resolving_by_the_form_leaves_tickets_open_when_asked(
    people: People,
    outage: Announcement,
    ticket: Ticket,
    signed_in: Browser,
    settle: Settle,
    clock: FixedClock,
) -> None:
    client, path = signed_in(people.teresa), f"/announcements/{outage.id}/resolve"
    assert "Leave them open" in page(client, path)
    factories.post_form(client, path, {"text": "It works.", "tickets": "leave", "checks": ["0", "1"]})
    clock.advance(minutes=2)
    settle()
    assert reload(ticket).status is Status.open


def test_requesters_have_none_of_the_pages(
    people: People,
    outage: Announcement,
    ticket: Ticket,
    signed_in: Browser,
) -> None:
    client = signed_in(people.ana)
    for path in (f"/announcements/{outage.id}/tickets", f"/announcements/{outage.id}/reply"):
        assert client.get(path).status_code == 403
    for path in ("/outages/link", "/outages/unlink", "/outages/wait", f"/announcements/{outage.id}/reply"):
        form = {"number": ticket.number, "announcement_id": outage.id}
        assert factories.post_form(client, path, form).status_code == 403
    assert link_of(ticket) is not None
