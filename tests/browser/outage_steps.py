"""What people do on the pages of an outage, shared by the tests of whole outages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from helpdesk.accounts.models import User
from tests.browser.conftest import Desk, Screen

UNDO_SECONDS = 125  # mails and tickets follow a resolution after two minutes


def ticket(desk: Desk, requester: User, subject: str, **more: Any) -> int:
    """Carla writes down what somebody reports by phone, through the API. The number of the ticket."""
    body = {"subject": subject, "body": "I cannot work.", "requester_id": requester.id} | more
    return int(desk.call(desk.people.carla, "POST", "/tickets", body)["number"])


def messages(desk: Desk, number: int) -> list[str]:
    found = desk.call(desk.people.carla, "GET", f"/tickets/{number}?include=messages")["messages"]
    return [message["body_text"] for message in found]


def status(desk: Desk, number: int) -> str:
    return str(desk.call(desk.people.carla, "GET", f"/tickets/{number}")["status"])


def publish(screen: Screen, people: str) -> str:
    """Publish what the composer holds, warnings taken. The address of its page."""
    button = screen.page.get_by_role("button", name=f"Publish to {people}")
    button.click()
    if screen.page.get_by_text("Please look at this before you publish").count():
        button.click()
    screen.page.wait_for_url(lambda url: url.rstrip("/").split("/")[-1].isdigit())
    return str(screen.page.url)


def post_update(screen: Screen, room: str, text: str, fill: Callable[[Any], None] = lambda _box: None) -> None:
    """Write an update in the room; `fill` may choose more in its box."""
    screen.page.goto(room)
    screen.wait_for_socket()
    box = screen.page.locator("#update")
    box.locator("textarea").fill(text)
    fill(box)
    box.get_by_role("button", name="Post update to").click()
    expect_message(screen, "The update is posted.")


def end(screen: Screen, room: str, text: str, button: str, opener: str = "Resolve…") -> None:
    """By the dialog: every check ticked, the last message, one button."""
    screen.page.goto(room)
    screen.wait_for_socket()  # then the page's script is there, and the link opens the dialog
    screen.page.get_by_role("link", name=opener).last.click()
    dialog = screen.page.get_by_role("dialog")
    for box in dialog.locator("input[name=checks]").all():
        box.check()
    dialog.locator("textarea").fill(text)
    dialog.get_by_role("button", name=button).click()
    expect_message(screen, "It is over.")


def expect_message(screen: Screen, text: str) -> None:
    """What the program says after something was done."""
    expect(screen.page.get_by_role("region", name="Messages").get_by_text(text)).to_be_visible()
