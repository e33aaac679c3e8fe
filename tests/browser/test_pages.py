"""Every page in a real browser: accessibility, narrow screens, keyboard, and the focus of those who type."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from helpdesk.accounts.rules import DEMO_PASSWORD
from tests.browser import axe
from tests.browser.conftest import Desk, Screen
from tests.databases import START, copy_sqlite
from tests.live import LiveServer
from tests.waiting import wait_until

WIDE, PHONE, NARROW = ({"width": w, "height": h} for w, h in ((1440, 900), (390, 844), (320, 640)))
TITLE = "VPN is down for everyone at home"

# By who looks at them, in the demonstration. `*` is the first ticket of that person's list.
PAGES = {
    "": ("/sign-in", "/reset/unknown", "/nowhere", "/status/reviews/18"),
    "ana": (
        *("/", "/tickets", "/tickets/*", "/tickets/new", "/notices", "/notices/1", "/services", "/profile"),
        *("/nowhere", "/admin/"),
    ),
    "carla": ("/tickets?q=nothing", "/tickets?q=vpn", "/tickets", "/tickets/*", "/tickets/new", "/announcements"),
    "teresa": (
        *("/announcements", "/announcements/new", "/announcements/1", "/announcements/1/resolve"),
        *("/announcements/4", "/announcements/4/edit", "/announcements/7", "/announcements/9", "/announcements/11"),
        *("/reviews", "/reports", "/announcements/12/review", "/announcements/7/review/edit"),
        *("/playbooks", "/playbooks/new", "/playbooks/1", "/playbooks/1/use", "/playbooks/4/use"),
        *("/announcements/1/briefing", "/announcements/1/call", "/announcements/1/preview"),
    ),
    "admin": (
        *("/admin/", "/admin/people", "/admin/people/1", "/admin/people/new", "/admin/departments", "/admin/teams"),
        *("/admin/departments/2", "/admin/services", "/admin/services/2", "/admin/replies", "/admin/mail"),
        *("/admin/replies/received/en", "/admin/audit", "/admin/promises", "/api/v1/docs"),
    ),
}

REFUSALS = {("", "/nowhere"): 404, ("", "/reset/unknown"): 404, ("ana", "/nowhere"): 404, ("ana", "/admin/"): 403}


@pytest.fixture(scope="module")
def demonstration(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """The running program with the demonstration organisation, for all tests that only look at it."""
    folder = tmp_path_factory.mktemp("demonstration")
    server = LiveServer(folder, copy_sqlite(sqlite_template, folder))
    server.set_time(START)
    try:
        loaded = server.run("demo")
        assert loaded.returncode == 0, loaded.stderr
        yield server.start()
        server.stop()
    finally:
        server.kill()


def sign_in(page: Page, server: LiveServer, name: str) -> None:
    page.goto(f"{server.url}/sign-in")
    page.locator("input[name=email]").fill(f"{name}@demo.example")
    page.locator("input[name=password]").fill(DEMO_PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)


def address_of(page: Page, path: str) -> str:
    """The path itself; for `*` the first ticket of the list that is open."""
    if not path.endswith("*"):
        return path
    address = page.locator("main a").evaluate_all("all => all.map(a => a.pathname).find(p => /tickets.[0-9]/.test(p))")
    return str(address)


def faults(page: Page) -> list[str]:
    """What is wrong with the open page: in light and dark, on a wide screen and on phones."""
    found = []
    for size in (WIDE, PHONE):
        page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            expect(page.locator("html")).to_have_attribute("data-bs-theme", scheme)
            where = f"{size['width']} px, {scheme}"
            found += [f"{where}: {line}" for line in axe.violations(page, only_colours=scheme == "dark")]
        page.emulate_media(color_scheme="light")
    page.set_viewport_size(NARROW)
    if sideways := page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"):
        found.append(f"320 px: scrolls sideways by {sideways} px")
    page.set_viewport_size(WIDE)
    return found


@pytest.mark.parametrize("name", PAGES, ids=lambda name: name or "stranger")
def test_every_page_is_accessible_and_quiet(
    demonstration: LiveServer, new_context: Callable[..., BrowserContext], name: str
) -> None:
    """No finding of axe, no sideways scroll, and not a word in the console: no error and no report of the policy."""
    found = []
    screen = Screen(new_context(viewport=WIDE, reduced_motion="reduce").new_page())
    if name:
        sign_in(screen.page, demonstration, name)
    for path in PAGES[name]:
        expected = REFUSALS.get((name, path), 200)
        answer = screen.page.goto(demonstration.url + address_of(screen.page, path))
        assert answer is not None
        if answer.status != expected:
            found.append(f"{path}: answered {answer.status}")
        said = [p for p in screen.problems if f"status of {expected}" not in p]
        found += [f"{path} {line}" for line in faults(screen.page) + said]
        screen.problems.clear()
    assert found == [], "\n".join(found)


def focused(page: Page) -> str:
    words: str = page.evaluate("document.activeElement.textContent.trim() || document.activeElement.id")
    return words


def test_the_skip_links_come_first_and_lead_there(desk: Desk) -> None:
    desk.publish()
    page = desk.open(desk.people.ana).page
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to content"
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.reload()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to notices (1)"
    page.keyboard.press("Enter")
    expect(page.locator("#notices")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#notices') !== null")


def test_what_must_be_confirmed_is_a_dialog_at_the_next_page(desk: Desk) -> None:
    """It never opens over a page in use, has the focus on its first button, and Escape does not close it."""
    ana = desk.open(desk.people.ana)
    ana.wait_for_socket()
    published = desk.publish(severity=1, must_confirm=True)
    desk.call(desk.people.tomas, "POST", f"/announcements/{published}/approve", {})
    expect(ana.card(TITLE).first).to_be_visible()
    dialog = ana.page.get_by_role("alertdialog")
    expect(dialog).to_have_count(0)
    ana.page.goto(f"{desk.server.url}/tickets")
    expect(dialog).to_be_visible()
    confirm = dialog.get_by_role("button", name="I confirm that I have read this")
    expect(confirm).to_be_focused()
    ana.page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    ana.page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(ana.page.locator("#notice-bars .nbar")).to_contain_text(TITLE)


UNDER_THE_SHEET = """() => {
  const sheet = document.getElementById('notices').getBoundingClientRect();
  const at = document.activeElement.getBoundingClientRect();
  return at.height > 0 && at.top >= sheet.top && at.bottom <= sheet.bottom
    && at.left >= sheet.left && at.right <= sheet.right;
}"""


def test_the_sheet_of_a_phone_makes_way_for_the_focus(desk: Desk) -> None:
    desk.publish()
    page = desk.open(desk.people.ana, "/tickets/new", is_mobile=True, has_touch=True).page
    page.set_viewport_size(PHONE)
    sheet = page.locator("#notices")
    expect(sheet.get_by_role("heading", name=TITLE)).to_be_visible()
    page.locator("input[name=subject]").focus()
    expect(sheet.get_by_role("heading", name=TITLE)).to_be_hidden()
    in_main = "document.activeElement.closest('main') !== null"
    for _ in range(30):
        assert not page.evaluate(UNDER_THE_SHEET), focused(page)
        page.keyboard.press("Tab")
        if not page.evaluate(in_main):
            break
    assert not page.evaluate(in_main), "the way through the form was not followed to its end"
    long = desk.publish(title="W" * 80, description="D" * 300)  # as addresses and file names are
    for path in ("/", f"/notices/{long}"):
        page.goto(f"{desk.server.url}{path}")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path


LISTEN = """() => {
  window.spoken = [];
  let key = 0;
  const start = performance.now();
  document.addEventListener('keydown', () => { key = performance.now(); }, true);
  const region = document.getElementById('say-now');
  new MutationObserver(() => {
    const now = performance.now();
    if (region.textContent) window.spoken.push([region.textContent, now - key, now - start]);
  }).observe(region, { childList: true, characterData: true, subtree: true });
}"""


def test_typing_goes_on_while_a_notice_comes_changes_and_goes(desk: Desk) -> None:
    """No key is lost, the focus stays, and nothing is spoken until two seconds after the last key."""
    ana = desk.open(desk.people.ana, "/tickets/new")
    ana.wait_for_socket()
    page, field = ana.page, ana.page.locator("input[name=subject]")
    page.evaluate(LISTEN)
    field.click()

    def typing_until(done: Callable[[], Any]) -> int:
        for count in range(1, 60):
            page.keyboard.type("a", delay=200)
            if done():
                return count
        raise AssertionError("it never came")

    typed = typing_until(lambda: True)
    published = desk.publish(severity=1)
    typed += typing_until(lambda: ana.card(TITLE).is_visible())
    update = {"text": "Still down.", "public": True, "weight": "update"}
    desk.call(desk.people.teresa, "POST", f"/announcements/{published}/update", update)
    typed += typing_until(lambda: "Still down." in ana.stack.inner_text())
    desk.call(desk.people.teresa, "POST", f"/announcements/{published}/resolve", {"text": "It works again."})
    typed += typing_until(lambda: ana.stack.locator(".notice--ok").is_visible())
    expect(field).to_have_value("a" * typed)
    expect(field).to_be_focused()
    # Playwright's own waiting needs `eval` in the page, which the policy of the pages refuses.
    wait_until(lambda: "Resolved" in str(page.evaluate("window.spoken")), "the sentence about the end", 15)
    for words, pause, waited in page.evaluate("window.spoken"):
        assert pause >= 1900 or waited >= 9900, words  # ten seconds are the longest that a sentence waits
