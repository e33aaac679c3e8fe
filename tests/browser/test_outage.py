"""A whole outage by three people at once: Teresa announces and ends it, Carla has the tickets, Ana waits."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.browser.conftest import Desk, Screen
from tests.waiting import wait_until

pytestmark = pytest.mark.by_turns

pytest.importorskip("plugins.outage_notice.tests.announcing", reason="the plugin's folder was deleted")

TITLE = "VPN is down for everyone at home"
LAST = "VPN works again. Please connect once more."


def publish(desk: Desk, teresa: Screen, vpn_id: int) -> str:
    """From the empty composer to the outage's page; its address."""
    page = teresa.page
    page.goto(f"{desk.server.url}/announcements/new")
    page.locator("#title").fill(TITLE)
    page.locator("#description").fill("You can't connect.")
    page.locator("#workaround").fill("Use the web mail.")
    page.locator("#svc-1").select_option(str(vpn_id))
    page.get_by_role("combobox", name="Who sees it").fill("Fin")
    page.get_by_role("option", name="Finance").first.click()
    page.get_by_role("button", name="30 min").click()
    page.get_by_role("button", name="Publish to 1 person").click()
    if page.get_by_text("Please look at this before you publish").count():
        page.get_by_role("button", name="Publish to 1 person").click()
    page.wait_for_url(lambda url: url.rstrip("/").split("/")[-1].isdigit())
    return str(page.url)


def messages(desk: Desk, number: int, words: str) -> list[str]:
    ticket = desk.call(desk.people.ana, "GET", f"/tickets/{number}?include=messages")
    return [m["body_text"] for m in ticket["messages"] if words in m["body_text"]]


def status(desk: Desk, number: int) -> Any:
    return desk.call(desk.people.ana, "GET", f"/tickets/{number}")["status"]


def resolve(teresa: Screen) -> None:
    """By the dialog: the checklist, the last message, one button."""
    teresa.wait_for_socket()  # then the page's script is there, and the link opens the dialog
    teresa.page.get_by_role("link", name="Resolve…").last.click()
    dialog = teresa.page.get_by_role("dialog")
    for box in dialog.locator("input[name=checks]").all():
        box.check()
    dialog.locator("textarea").fill(LAST)
    solved, left = dialog.get_by_text("gets the final answer and is solved"), dialog.get_by_text("and stays open")
    for choice, shown, hidden in (("Leave them open", left, solved), ("Set them to solved", solved, left)):
        dialog.get_by_label(choice).check()
        expect(shown).to_be_visible()
        expect(hidden).to_be_hidden()
    dialog.get_by_role("button", name="Resolve, tell 1 person").click()


def test_from_publication_to_the_last_message(desk: Desk) -> None:
    vpn = factories.make_service("VPN", desk.people.town_hall)
    ana, teresa = desk.open(desk.people.ana), desk.open(desk.people.teresa)
    ana.wait_for_socket()
    room = publish(desk, teresa, vpn.id)
    expect(ana.card(TITLE)).to_be_visible()

    # Ana writes all the same: her ticket waits with the outage, and Carla sees it there.
    body = {"subject": "No connection", "body": "Please help.", "service_id": vpn.id}
    number = desk.call(desk.people.ana, "POST", "/tickets", body)["number"]
    wait_until(lambda: status(desk, number) == "pending", "a linked ticket", 30)
    carla = desk.open(desk.people.carla, room.removeprefix(desk.server.url))
    carla.wait_for_socket()
    expect(carla.page.get_by_text("Waiting on this outage · 1")).to_be_visible()

    # Teresa writes an update, which Carla sees coming, Ana reads on her card, and her ticket gets as an answer.
    teresa.page.goto(room)
    teresa.wait_for_socket()
    teresa.page.locator("#update textarea").fill("The gateway is being replaced.")
    expect(carla.page.get_by_text(f"{desk.people.teresa.name} is writing an update")).to_be_visible()
    teresa.page.get_by_label("Also answer 1 waiting ticket").check()
    teresa.page.get_by_role("button", name="Post update to 1 person").click()
    expect(ana.card("The gateway is being replaced.")).to_be_visible()
    wait_until(lambda: len(messages(desk, number, "The gateway is being replaced.")) == 1, "the answer", 30)

    # Resolved, and taken back at once: green for Ana, then the notice again; no mail, no change of her ticket.
    resolve(teresa)
    expect(ana.stack.locator(".notice--ok")).to_be_visible()
    teresa.page.get_by_role("button", name="Undo").first.click()
    expect(ana.stack.locator(".notice--ok")).to_have_count(0)
    expect(ana.card(TITLE)).to_be_visible()
    desk.server.advance(180)
    resolve(teresa)
    expect(ana.stack.locator(".notice--ok")).to_be_visible()
    assert status(desk, number) == "pending"
    desk.server.advance(125)
    wait_until(lambda: status(desk, number) == "solved", "a solved ticket", 30)
    assert len(messages(desk, number, "is over since")) == 1
    carla.page.reload()
    expect(carla.page.get_by_text("The resolution was undone")).to_be_visible()
