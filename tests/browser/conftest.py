"""A running desk with its people, and a browser for each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import BrowserContext, Page

from helpdesk.accounts.models import User
from tests import factories
from tests.browser.mailbox import Mailbox
from tests.databases import START
from tests.faults.mail_sink import Sink
from tests.fixtures import People
from tests.live import LiveServer
from tests.waiting import wait_until

SIZE: Any = {"width": 1440, "height": 900}


class Screen:
    """One open page of one person: what it shows, what its socket received, and what went wrong in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.frames: list[str] = []
        self.problems: list[str] = []
        page.on("websocket", lambda ws: ws.on("framereceived", lambda data: self.frames.append(str(data))))
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.problems.append(str(error)))

    def _note(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(message.text)

    @property
    def stack(self) -> Any:
        return self.page.locator("#notices")

    def card(self, title: str) -> Any:
        return self.stack.locator(".notice", has_text=title)

    def wait_for_socket(self) -> None:
        """Until the socket has brought its first board."""
        # The page's policy forbids `wait_for_function`, which compiles text.
        wait_until(lambda: self.page.evaluate("window.helpdesk?.live?.state.state") == "live", "a live socket", 15)


class Desk:
    """The running program, its people, and programs that speak to its API."""

    def __init__(self, server: LiveServer, people: People, new_context: Callable[..., BrowserContext]) -> None:
        self.server = server
        self.people = people
        self._new_context = new_context
        self._tokens: dict[int, str] = {}
        self.screens: list[Screen] = []

    def open(self, user: User, path: str = "/", **options: Any) -> Screen:
        """Open a page in a browser of its own, in which `user` has signed in before."""
        context = self._new_context(viewport=SIZE, **options)
        name, value = factories.session_cookie(user)
        context.add_cookies([{"name": name, "value": value, "url": self.server.url}])
        return self.tab(context, path)

    def enter(self, user: User) -> Screen:
        """Sign in by the form, in a browser of its own. The page that comes then."""
        screen = self.tab(self._new_context(viewport=SIZE), "/sign-in")
        screen.page.locator("input[name=email]").fill(user.email or "")
        screen.page.locator("input[name=password]").fill(factories.PASSWORD)
        screen.page.locator("input[name=password]").press("Enter")
        screen.page.wait_for_url(lambda url: "/sign-in" not in url)
        return screen

    def tab(self, context: BrowserContext, path: str = "/") -> Screen:
        """One more tab of a browser."""
        screen = Screen(context.new_page())
        screen.page.goto(self.server.url + path)
        self.screens.append(screen)
        return screen

    def call(self, user: User, method: str, path: str, body: Any = None, expect: int | None = None) -> Any:
        """Call the API as `user`. The answer's JSON; fails for an error unless its status is expected."""
        if user.id not in self._tokens:
            self._tokens[user.id] = factories.make_token(user)
        answer = requests.request(
            method,
            f"{self.server.url}/api/v1{path}",
            json=body,
            headers={"Authorization": f"Bearer {self._tokens[user.id]}"},
            timeout=20,
        )
        assert answer.ok if expect is None else answer.status_code == expect, answer.text
        return answer.json() if answer.content else None

    def publish(self, **fields: Any) -> int:
        """Teresa publishes by the API: an incident for Finance unless told otherwise. The id."""
        body = {
            "kind": "incident",
            "severity": 2,
            "title": "VPN is down for everyone at home",
            "description": "You can't connect.",
            "workaround": "Use the browser.",
            "audience": [{"kind": "department", "id": self.people.finance.id}],
            "next_update_at": "2026-03-12T18:00:00Z",
        } | fields
        made = self.call(self.people.teresa, "POST", "/announcements", body)
        self.call(self.people.teresa, "POST", f"/announcements/{made['id']}/publish", {})
        found: int = made["id"]
        return found


@pytest.fixture
def desk(
    people: People,
    live_server: Callable[..., LiveServer],
    new_context: Callable[..., BrowserContext],
) -> Iterator[Desk]:
    """The program on the same database as the people, at the time of the tests' clock."""
    yield from run_desk(live_server(), people, new_context)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server, and what it has taken."""
    sink = Sink()
    yield Mailbox(sink)
    sink.stop()


@pytest.fixture
def mailed_desk(
    people: People,
    live_server: Callable[..., LiveServer],
    new_context: Callable[..., BrowserContext],
    mailbox: Mailbox,
) -> Iterator[Desk]:
    """The desk, with a mail server."""
    yield from run_desk(live_server(environment={"HELPDESK_SMTP_URL": mailbox.sink.url}), people, new_context)


def run_desk(server: LiveServer, people: People, new_context: Callable[..., BrowserContext]) -> Iterator[Desk]:
    """A desk while it runs; afterwards no page may have had a problem."""
    server.set_time(START)
    server.start()
    desk = Desk(server, people, new_context)
    yield desk
    problems = [problem for screen in desk.screens for problem in screen.problems]
    assert problems == [], server.log[-3000:]
