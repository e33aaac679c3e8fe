"""A planned maintenance from its announcement to its report: it begins by the clock, and takes longer than planned."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.browser import outage_steps as steps
from tests.browser.conftest import Desk, Screen
from tests.browser.mailbox import Mailbox, text_of
from tests.waiting import wait_until

pytestmark = pytest.mark.by_turns

pytest.importorskip("plugins.outage_notice.tests.announcing", reason="the plugin's folder was deleted")

TITLE = "ERP is not available this morning"


@pytest.fixture
def desk(mailed_desk: Desk) -> Desk:
    return mailed_desk


def test_a_maintenance_that_takes_longer(desk: Desk, mailbox: Mailbox) -> None:
    people = desk.people
    erp = factories.make_service("ERP", people.town_hall)
    teresa, ana = desk.open(people.teresa, "/announcements/new"), desk.open(people.ana)
    ana.wait_for_socket()
    room = announce(teresa, erp.id)
    card = ana.card(TITLE)
    expect(card).to_contain_text("Planned maintenance")
    expect(card).to_contain_text("10:00 – 11:00")

    # It begins by the clock alone; who writes is told the planned end.
    desk.server.advance(3605)
    expect(card).to_contain_text("Maintenance running")
    expect(ana.page.locator("#say-polite")).to_have_text(f"Maintenance running: {TITLE}.")
    ticket = {"subject": "No ERP", "body": "Please help.", "service_id": erp.id}
    number = desk.call(people.ana, "POST", "/tickets", ticket)["number"]
    told = text_of(mailbox.once_each(f"[#{number}] {TITLE}", people.ana.email or "")[people.ana.email or ""])
    assert "We expect it to be over at about 11:00." in told
    wait_until(lambda: steps.status(desk, number) == "pending", "a linked ticket", 30)

    overrun(desk, teresa, ana, mailbox, room)
    prolong(desk, teresa, ana, mailbox, room)
    complete(desk, teresa, ana, mailbox, room, number)
    report(teresa, room)


def announce(teresa: Screen, erp_id: int) -> str:
    """An hour ahead; the address of its page."""
    page = teresa.page
    page.get_by_text("Maintenance", exact=True).first.click()
    page.locator("#title").fill(TITLE)
    page.locator("#description").fill("You can't book anything.")
    page.locator("#workaround").fill("Book after eleven.")
    page.locator("#svc-1").select_option(str(erp_id))
    page.get_by_role("combobox", name="Who sees it").fill("Fin")
    page.get_by_role("option", name="Finance").first.click()
    page.locator("#starts_at").fill("2026-03-12T10:00")
    page.locator("#planned_end_at").fill("2026-03-12T11:00")
    return steps.publish(teresa, "1 person")


def overrun(desk: Desk, teresa: Screen, ana: Screen, mailbox: Mailbox, room: str) -> None:
    """Its owner is reminded before the end. Past it, it goes on, and every screen says that it takes longer; an open
    page speaks of it once.
    """
    owner = desk.people.teresa.email or ""
    desk.server.advance(3600 - 240)
    mailbox.once_each("Planned end due at 11:00", owner)
    ana.page.clock.install()
    ana.page.reload()
    expect(ana.card(TITLE)).to_contain_text("Maintenance running")
    expect(ana.page.locator("#say-polite")).to_be_empty()
    ana.wait_for_socket()
    ana.page.clock.fast_forward(300_000)
    expect(ana.page.locator("#say-polite")).to_have_text(f"Update on {TITLE}. It takes longer than planned.")
    desk.server.advance(300)
    ana.page.reload()
    expect(ana.card(TITLE)).to_contain_text("Maintenance running")
    expect(ana.card(TITLE)).to_contain_text("10:00 – 11:00. It takes longer than planned.")
    teresa.page.goto(room)
    expect(teresa.page.locator(".roomhead")).to_contain_text("Running")
    expect(teresa.page.get_by_text("· passed")).to_be_visible()
    desk.server.advance(600)
    mailbox.once_each("Planned end is 11 min late", desk.people.tomas.email or "")


def prolong(desk: Desk, teresa: Screen, ana: Screen, mailbox: Mailbox, room: str) -> None:
    """A new end, at once on Ana's page; she was told the former one, and gets the new one once."""

    def choose(box: Any) -> None:
        box.locator("[name=eta]").fill("2026-03-12T12:00")
        expect(box.get_by_text("also tell the 1 person")).to_be_visible()

    steps.post_update(teresa, room, "The last step takes longer.", choose)
    expect(ana.card(TITLE)).to_contain_text("10:00 – 12:00")
    expect(ana.card(TITLE)).not_to_contain_text("It takes longer than planned.")
    address = desk.people.ana.email or ""
    correction = text_of(mailbox.once_each("New estimate", address)[address])
    assert "should be over at about 11:00" in correction
    assert "We now expect it to be over at about 12:00." in correction


def complete(desk: Desk, teresa: Screen, ana: Screen, mailbox: Mailbox, room: str, number: int) -> None:
    """Green for Ana at once, and after two minutes the last message, once."""
    steps.end(teresa, room, "ERP is back. Thank you for waiting.", "End, tell 1 person, solve 1 ticket", opener="End…")
    expect(ana.stack.locator(".notice--ok")).to_be_visible()
    ana.page.clock.fast_forward(2 * 3600_000)
    expect(ana.stack.locator(".notice--ok")).to_have_count(0)
    desk.server.advance(steps.UNDO_SECONDS)
    address = desk.people.ana.email or ""
    mailbox.once_each(f"Over: {TITLE}", address)
    mailbox.once_each("New estimate", address)
    assert steps.status(desk, number) == "solved"
    ana.page.reload()
    ana.wait_for_socket()
    ana.problems[:] = [line for line in ana.problems if "WebSocket" not in line]  # two hours without a beat end it
    expect(ana.stack.locator(".notice:not(.notice--ok)")).to_have_count(0)


def report(teresa: Screen, room: str) -> None:
    """The review says that the planned end was not kept; the report counts it as maintenance, not as an outage."""
    page = teresa.page
    page.goto(f"{room}/review")
    expect(page.get_by_role("row", name="Over by the planned end")).to_contain_text("0 of 1")
    answer = page.request.get(f"{room.split('/announcements')[0]}/reports/availability.csv")
    [found] = csv.DictReader(io.StringIO(answer.text().lstrip("\ufeff")))
    assert (found["Service"], found["Outages"], found["Down, weighted (minutes)"]) == ("ERP", "0", "0.0")
    assert float(found["Maintenance (minutes)"]) > 60
