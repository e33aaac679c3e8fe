"""How many interactions it takes, besides typing, from an empty screen to a published critical outage."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.browser.conftest import Desk, desk  # noqa: F401  (fixture)

pytestmark = pytest.mark.by_turns

AT_MOST = 4


class Hand:
    """Counts what is done besides typing. Moving on with Tab and choosing in a list by its first letters is typing."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.interactions = 0

    def click(self, role: str, name: str) -> None:
        self.page.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]
        self.interactions += 1


def test_a_critical_outage_for_everyone_in_four_interactions(desk: Desk) -> None:  # noqa: F811
    """Open, choose, type the service and the number, publish; Ana sees it."""
    factories.make_service("E-mail", desk.people.town_hall)
    ana = desk.open(desk.people.ana)
    ana.wait_for_socket()
    screen = desk.open(desk.people.teresa)
    hand = Hand(screen.page)

    hand.click("link", "Playbooks")
    hand.click("link", "E-mail down")
    expect(screen.page.locator("#service")).to_be_focused()
    expect(screen.page.locator("#service option:checked")).to_have_text("E-mail")  # found by its name
    number = screen.page.locator("#confirmed_people")
    expect(screen.page.locator("[data-publish]")).to_have_text("Publish to 6 people")
    expect(number).to_be_visible()
    number.focus()
    number.press_sequentially("6")
    hand.click("button", "Publish to 6 people")
    screen.page.wait_for_url("**/announcements/*")

    expect(ana.card("E-mail is down for everyone")).to_be_visible()
    expect(screen.page.get_by_role("heading", name="E-mail is down for everyone", level=1)).to_be_visible()
    assert hand.interactions + 1 <= AT_MOST, hand.interactions  # and one to get to the number


def test_whoever_is_called_says_i_have_it_with_one_click(desk: Desk) -> None:  # noqa: F811
    """The bar comes to an open page without reloading it."""
    storage = factories.make_service("Storage", desk.people.finance, owner_team_id=desk.people.service_desk.id)
    tomas = desk.open(desk.people.tomas, "/announcements")
    tomas.wait_for_socket()
    published = desk.publish(services=[{"id": storage.id, "effect": "major_outage"}])
    bar = tomas.page.locator(f'[data-call="{published}"]')
    expect(bar).to_be_visible(timeout=50_000)
    bar.get_by_role("button").click()
    expect(tomas.page.locator(f'[data-call="{published}"]')).to_have_count(0)
    tomas.page.goto(f"{desk.server.url}/announcements/{published}")
    expect(tomas.page.get_by_text("has it since")).to_be_visible()
