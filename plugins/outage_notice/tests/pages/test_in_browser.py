"""What only a real browser shows of the composer, the page of an announcement, and the bar."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Desk, desk  # noqa: F401  (fixture)
from tests.waiting import wait_until

pytestmark = pytest.mark.by_turns

SIDEWAYS = "document.documentElement.scrollWidth - innerWidth"
BAR_UNDER_HEADER = """() => {
  const bottom = document.querySelector('.topbar').getBoundingClientRect().bottom;
  return document.querySelector('#notice-bars .nbar').getBoundingClientRect().top - bottom;
}"""


def test_a_picker_never_takes_what_answers_an_older_text(desk: Desk) -> None:  # noqa: F811
    """Typed, arrow key and Enter before the answer is there: nothing is chosen, least of all "Everyone"."""
    page = desk.open(desk.people.teresa, "/announcements/new").page
    field = page.get_by_role("combobox", name="Who sees it")
    picker = page.locator("[data-combobox]", has=field)
    field.click()
    expect(picker.get_by_role("option", name="Everyone")).to_be_visible()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/audience-picker?*", hold)
    field.press_sequentially("Finance")
    field.press("ArrowDown")
    field.press("Enter")
    picker.get_by_text("Everyone").click(force=True)
    expect(picker.locator("[data-tag]")).to_have_count(0)
    wait_until(lambda: page.wait_for_timeout(20) or held, "the question about what was typed", 10)
    held[-1].continue_()
    expect(picker.get_by_role("option").first).to_contain_text("Finance")
    field.press("ArrowDown")
    field.press("Enter")
    expect(picker.locator("[data-tag]")).to_have_text("Finance")

    for language in ("es-ES", "pt-PT"):  # long words, on the smallest phone
        phone = desk.open(desk.people.teresa, "/announcements/new", locale=language).page
        for width in (390, 320):
            phone.set_viewport_size({"width": width, "height": 640})
            assert phone.evaluate(SIDEWAYS) <= 0, (language, width)


def test_what_is_read_becomes_a_bar_and_the_room_follows(desk: Desk) -> None:  # noqa: F811
    """The bar stands under the header of a page that did not scroll; no number of the room stays behind."""
    published = desk.publish(severity=1)
    teresa = desk.open(desk.people.teresa, f"/announcements/{published}")
    teresa.wait_for_socket()
    ana = desk.open(desk.people.ana)
    ana.wait_for_socket()
    ana.page.set_viewport_size({"width": 1440, "height": 400})
    height = ana.page.evaluate("document.documentElement.scrollHeight")
    ana.page.set_viewport_size({"width": 1440, "height": height - 60})  # it could scroll, and shows the button
    ana.stack.locator("[data-act=read]").click()
    expect(ana.page.locator("#notice-bars .nbar")).to_be_visible()
    assert ana.page.evaluate("scrollY") == 0
    assert ana.page.evaluate(BAR_UNDER_HEADER) >= 0

    page = teresa.page
    expect(page.locator('[data-kpi="read"]')).to_have_text("1")
    expect(page.locator('[data-kpi="online"]')).to_have_text("1")
    expect(page.locator("[data-reach-chart] svg:visible")).to_contain_text("1 Marked as read", timeout=10_000)
    page.get_by_role("link", name="Resolve…").last.click()
    expect(page.get_by_role("dialog")).to_contain_text("The popup turns green for the 1 person")
