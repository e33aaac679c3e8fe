"""Real pages in a real browser, and what they say about themselves."""

from __future__ import annotations

from playwright.sync_api import Error, Page

from helpdesk.accounts.models import User
from tests import factories
from tests.faults.processes import START_SECONDS


def sign_in(page: Page, url: str, user: User) -> None:
    """Sign this person in at `url`; the page shows what comes first for them."""
    page.set_default_timeout(START_SECONDS * 1000)
    page.goto(f"{url}/sign-in")
    page.locator("input[name=email]").fill(user.email or "")
    page.locator("input[name=password]").fill(factories.PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(lambda address: "/sign-in" not in address)


def state_of(page: Page) -> str:
    """What the page's script knows of its connection: "live", or something else. "" where it does not run yet."""
    try:
        found: str | None = page.evaluate("window.helpdesk?.live?.state.state")
    except Error:  # it is on its way to another address
        return ""
    return found or ""
