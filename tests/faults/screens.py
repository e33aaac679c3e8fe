"""Real pages in a real browser, and what they say about themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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


# Runs inside the page, a few times a second: what a person sees, and whether the page says that it is up to date.
WATCH = """() => {
  window.seen = [];
  setInterval(() => {
    const drawn = document.querySelectorAll(
      '#notices .notice:not([data-surface="ending"]), .nbar[data-surface="bar"]:not([hidden])');
    const state = window.helpdesk?.live?.state.state;
    window.seen.push({
      at: Date.now() / 1000,
      shown: [...drawn].map((node) => Number(node.dataset.id)),
      is_live: state === 'live' || state === 'polling',
    });
  }, 200);
}"""


@dataclass(frozen=True)
class Sight:
    """What stood on a screen at one moment, in seconds of the epoch."""

    at: float
    shown: frozenset[int]
    is_live: bool

    def find_lie(self, ended: dict[int, float], seconds: float) -> str | None:
        """What was over for so many seconds and stood on a screen that called itself up to date, or None."""
        late = [number for number in self.shown if ended.get(number, self.at) < self.at - seconds]
        return f"at {self.at:.1f} it showed {late} as live" if self.is_live and late else None


class Screen:
    """One real page of a person who signed in at `url`. It notes what it shows, all the time and by itself."""

    def __init__(self, page: Page, url: str, user: User) -> None:
        self.page, self.problems = page, list[str]()
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        sign_in(page, url, user)
        page.evaluate(WATCH)

    @property
    def now(self) -> Sight:
        return self._read("window.seen.slice(-1)")[0]

    def seen(self) -> list[Sight]:
        """Everything since it was opened. Fails when the page was loaded anew: nobody has asked it to."""
        return self._read("window.seen")

    def _read(self, expression: str) -> list[Sight]:
        sights: list[dict[str, Any]] = self.page.evaluate(expression)
        return [Sight(one["at"], frozenset(one["shown"]), one["is_live"]) for one in sights]
