"""From the first tickets to the review: four people, the program, and a mail server."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from helpdesk.accounts.models import User
from tests import factories
from tests.browser import outage_steps as steps
from tests.browser.conftest import Desk, Screen
from tests.browser.mailbox import Mailbox, text_of
from tests.waiting import wait_until

pytestmark = pytest.mark.by_turns

pytest.importorskip("plugins.outage_notice.tests.announcing", reason="the plugin's folder was deleted")

TITLE = "VPN is down for Finance"
SURGE = 8


@pytest.fixture
def desk(mailed_desk: Desk) -> Desk:
    return mailed_desk


def test_from_the_first_tickets_to_the_review(desk: Desk, mailbox: Mailbox) -> None:
    people = desk.people
    vpn = factories.make_service("VPN", people.town_hall)
    colleagues = [factories.make_user(f"Colleague {n}", department=people.finance) for n in range(SURGE + 2)]
    addresses = [colleague.email or "" for colleague in colleagues]
    teresa, carla = desk.open(people.teresa, "/tickets"), desk.open(people.carla, "/tickets")
    ana, bruno = desk.open(people.ana), desk.open(people.bruno)
    for screen in desk.screens:
        screen.wait_for_socket()

    numbers = [steps.ticket(desk, c, "VPN gateway timeout", service_id=vpn.id) for c in colleagues[:SURGE]]
    expect_hint(teresa)
    expect_hint(carla)
    first_at = desk.call(people.teresa, "GET", f"/tickets/{numbers[0]}")["created_at"]
    room = declare(teresa, carla, vpn.id, first_at)
    expect(ana.card(TITLE)).to_be_visible()
    wait_until(lambda: {steps.status(desk, n) for n in numbers} == {"pending"}, "linked tickets", 30)
    answer_all(carla, room, numbers[0])
    answers = mailbox.once_each("Re: VPN gateway timeout", *addresses[:SURGE])
    for number, address in zip(numbers, addresses, strict=False):
        assert str(answers[address]["Subject"]).startswith(f"[#{number}]")
        assert f"ticket-{number}@" in answers[address]["In-Reply-To"]
        assert answers[address]["Auto-Submitted"] == "auto-generated"
    follow(desk, ana, vpn.id)
    tell_and_correct(desk, teresa, mailbox, room, vpn.id, colleagues[SURGE:], addresses[:SURGE])
    resolve(desk, teresa, ana, mailbox, room, [people.ana.email or "", *addresses])
    assert {steps.status(desk, number) for number in numbers} == {"solved"}
    review(desk, teresa, ana, bruno, room)

    assert bruno.stack.locator(".notice").count() == 0
    assert not any(TITLE in frame for frame in bruno.frames)
    assert not any(people.bruno.email == mail["To"] for mail in mailbox.everything())
    ids = [mail["Message-ID"] for mail in mailbox.everything()]
    assert len(ids) == len(set(ids))


def expect_hint(screen: Screen) -> None:
    """The hint came by itself, with what speaks for it."""
    hint = screen.page.locator("[data-surge]")
    expect(hint.get_by_role("heading", name=f"{SURGE} tickets about VPN in 10 minutes.")).to_be_visible()
    expect(hint.get_by_text("All from Finance.")).to_be_visible()
    expect(hint.get_by_text(f"in {SURGE} of {SURGE}")).to_be_visible()


def declare(teresa: Screen, carla: Screen, vpn_id: int, first_at: str) -> str:
    """From the hint by the briefing of the front line to the published outage; its address."""
    page = teresa.page
    page.get_by_role("button", name="Declare an outage").click()
    expect(page.locator("#title")).to_have_value(TITLE)
    expect(page.locator("#svc-1")).to_have_value(str(vpn_id))
    expect(page.get_by_text("Finance", exact=True)).to_be_visible()
    expect(page.locator("#starts_at")).to_have_value(first_at[: len("2026-03-12T09:00")])
    page.get_by_role("link", name="Briefing").click()
    page.locator("#answer").fill("Ask them to use the web mail.")
    page.get_by_role("button", name="Brief the front line now").click()
    steps.expect_message(teresa, "Agents see the briefing now.")
    expect(carla.page.get_by_text("Ask them to use the web mail.")).to_be_visible()
    expect(carla.page.get_by_text("not public yet")).to_be_visible()
    page.locator("#description").fill("You can't connect.")
    page.locator("#workaround").fill("Use the web mail.")
    page.locator("#eta").fill("2026-03-12T10:00")
    return steps.publish(teresa, f"{SURGE + 3} people")


def answer_all(carla: Screen, room: str, number: int) -> None:
    """The outage above the queue and on the ticket, and one answer to all from the room."""
    page = carla.page
    page.reload()
    expect(page.get_by_role("region", name="Tickets of running outages").get_by_text(TITLE)).to_be_visible()
    page.goto(f"{room.split('/announcements')[0]}/tickets/{number}")
    expect(page.get_by_role("region", name="Linked outage").get_by_text(TITLE)).to_be_visible()
    page.goto(room)
    page.get_by_role("link", name=f"Reply to all {SURGE}").click()
    page.locator("textarea").fill("We are replacing the gateway.")
    page.get_by_role("button", name=f"Reply to all {SURGE}").click()
    expect(page.get_by_text(f"Answered: {SURGE}")).to_be_visible()


def follow(desk: Desk, ana: Screen, vpn_id: int) -> None:
    """Ana wants to write a ticket, reads that it is known, and follows instead."""
    ana.page.goto(f"{desk.server.url}/tickets/new")
    ana.page.locator("#service_id").select_option(str(vpn_id))
    ana.page.get_by_role("button", name="Follow this outage instead").click()
    expect(ana.page.get_by_text("We write when it works.").first).to_be_visible()
    ana.page.goto(desk.server.url)
    ana.wait_for_socket()


def tell_and_correct(
    desk: Desk, teresa: Screen, mailbox: Mailbox, room: str, vpn_id: int, late: list[User], early: list[str]
) -> None:
    """Who writes now is told the estimate of the moment; who was told a former one, by the answer to the linked tickets
    too, gets the new one, once.
    """
    told, last = late
    body = {"subject": "No connection", "body": "Please help.", "service_id": vpn_id}
    number = desk.call(told, "POST", "/tickets", body)["number"]
    reply = mailbox.once_each(f"[#{number}] {TITLE}", told.email or "")[told.email or ""]
    assert "We expect it to be over at about 10:00." in text_of(reply)

    def correct(box: Any) -> None:
        box.locator("[name=status]").select_option("identified")
        box.locator("[name=eta]").fill("2026-03-12T11:00")

    steps.post_update(teresa, room, "The new gateway is on its way.", correct)
    correction = mailbox.once_each("New estimate", *early, told.email or "")[told.email or ""]
    assert "should be over at about 10:00" in text_of(correction)
    assert "We now expect it to be over at about 11:00." in text_of(correction)
    number = desk.call(last, "POST", "/tickets", body)["number"]
    reply = mailbox.once_each(f"[#{number}] {TITLE}", last.email or "")[last.email or ""]
    assert "We expect it to be over at about 11:00." in text_of(reply)


def resolve(desk: Desk, teresa: Screen, ana: Screen, mailbox: Mailbox, room: str, addresses: list[str]) -> None:
    """Green on Ana's page at once; after two minutes everybody who waited or followed is written to, once."""
    expect(ana.card("The new gateway is on its way.")).to_be_visible()
    desk.server.advance(600)
    steps.end(
        teresa, room, "VPN works again. Please connect once more.", f"Resolve, tell 1 person, solve {SURGE + 2} tickets"
    )
    expect(ana.stack.locator(".notice--ok")).to_be_visible()
    expect(teresa.page.get_by_text("Checked by Teresa").first).to_be_visible()
    assert mailbox.found("Over:") == {}
    desk.server.advance(steps.UNDO_SECONDS)
    mailbox.once_each(f"Over: {TITLE}", *addresses)
    mailbox.once_each("New estimate", *addresses[1:-1])
    ana.page.reload()
    ana.wait_for_socket()
    expect(ana.stack.locator(".notice:not(.notice--ok)")).to_have_count(0)


def review(desk: Desk, teresa: Screen, ana: Screen, bruno: Screen, room: str) -> None:
    """Filled from the timeline, written, published to those affected, and taken along."""
    page = teresa.page
    page.goto(f"{room}/review")
    expect(page.get_by_text(f"Tickets linked: {SURGE + 2}. People who followed it: 1")).to_be_visible()
    expect(page.get_by_role("row", name="Seen before the fix")).to_contain_text(f"1 of {SURGE + 3}")
    expect(page.get_by_text("works again about 12 Mar 2026, 11:00")).to_be_visible()
    page.get_by_role("link", name="Write").click()
    page.locator("#summary").fill("A certificate of the gateway expired.")
    page.locator("#public_summary").fill("VPN was down because of us. We are sorry.")
    page.get_by_role("button", name="Save review").click()
    page.get_by_label("Everyone who was affected").check()
    page.get_by_role("button", name="Publish review").click()
    steps.expect_message(teresa, "The review is published.")

    notice = room.replace("/announcements/", "/notices/")
    ana.page.goto(notice)
    ana.page.get_by_role("link", name="What happened, and what we change").click()
    expect(ana.page.get_by_text("VPN was down because of us. We are sorry.")).to_be_visible()
    assert bruno.page.request.get(f"{notice}/review").status == 404
    pdf = page.request.get(f"{room}/review.pdf")
    assert (pdf.headers["content-type"], pdf.body()[:5]) == ("application/pdf", b"%PDF-")
    told = page.request.get(f"{room}/review.html").text()
    assert "A certificate of the gateway expired." in told
    assert f"1 of {SURGE + 3}" in told
