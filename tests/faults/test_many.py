"""Many processes behind a proxy, as deploy/ has them: everything is restarted under open pages."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from playwright.sync_api import BrowserContext

from deploy.fronts import find_proxy
from deploy.parts import answers
from deploy.shape import Many, many
from helpdesk import create_app
from helpdesk.core.database import db
from tests import factories
from tests.databases import make_settings
from tests.faults.pages import Page
from tests.faults.processes import SLACK_SECONDS, START_SECONDS, Browser, full_form
from tests.faults.screens import Screen
from tests.fixtures import People, make_people
from tests.waiting import wait_until

PAGES_EACH = 7  # a person may have ten
MOST_DRAWN = 3  # banners on one screen; others are behind a link
MISSED_SECONDS = 4  # HAProxy asks every second, and believes the second failure
SETTLE_SECONDS = 10 + SLACK_SECONDS
LATE_SECONDS = 5 + SLACK_SECONDS  # the longest that a change may take, with the database just back


@dataclass
class Visitor:
    """Somebody who asks for pages all the time. `failures` are the answers that a person would have noticed."""

    url: str
    session: requests.Session
    asked: int = 0
    failures: list[str] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self._ended.wait(0.02):
            for path in ("/api/v1/me/board", "/tickets", "/healthz"):
                self.asked += 1
                try:
                    answer = self.session.get(self.url + path, timeout=20)
                    if answer.status_code != 200:
                        self.failures.append(f"{path}: {answer.status_code}")
                except requests.RequestException as error:
                    self.failures.append(f"{path}: {type(error).__name__}")

    @contextmanager
    def visiting(self) -> Iterator[Visitor]:
        thread = threading.Thread(target=self.run, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            thread.join(30)


class Town:
    """The people of one shape, and Teresa who announces through the proxy and insists."""

    def __init__(self, shape: Many, people: People, token: str) -> None:
        self.shape, self.people, self.token = shape, people, token
        self.shown: set[int] = set()
        self.ended: dict[int, float] = {}  # when they surely had, by this machine's clock

    def ask(self, method: str, path: str, body: Any = None) -> requests.Response:
        """Ask until there is an answer that says yes or no. The same request twice has one effect."""
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": uuid.uuid4().hex}
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                answer = requests.request(
                    method, f"{self.shape.url}/api/v1{path}", json=body, headers=headers, timeout=20
                )
                if answer.status_code < 500 and answer.status_code != 429:
                    return answer
            except requests.RequestException:
                pass
            assert time.monotonic() < end, "it was never answered"
            time.sleep(0.2)  # a program that repeats waits a little

    def draft(self, body: dict[str, Any]) -> int:
        """A draft that was lost with its process is in nobody's way: then another one is made."""
        while True:
            answer = self.ask("POST", "/announcements", body)
            if answer.status_code != 409:
                assert answer.ok, answer.text
                return int(answer.json()["id"])

    def make_true(self, number: int, verb: str, phases: set[str]) -> None:
        """Ask for it until it is so: a process that died may have done it and not said so."""
        while True:
            answer = self.ask("POST", f"/announcements/{number}/{verb}", {})
            assert answer.ok or answer.status_code == 409, answer.text
            if self.ask("GET", f"/announcements/{number}").json()["phase"] in phases:
                return
            time.sleep(0.2)

    def publish(self) -> None:
        soon = datetime.now(UTC) + timedelta(hours=9)
        body = {
            "title": "VPN is down",
            "severity": 2,
            "description": "You can't connect.",
            "audience": [{"kind": "department", "id": self.people.finance.id}],
            "next_update_at": soon.isoformat(timespec="seconds"),
        }
        number = self.draft(body)
        self.make_true(number, "publish", {"active"})
        self.shown.add(number)

    def withdraw(self) -> None:
        number = min(self.shown)
        self.make_true(number, "withdraw", {"over", "cancelled"})
        self.ended[number] = time.time()
        self.shown.discard(number)


@contextmanager
def publishing(town: Town) -> Iterator[None]:
    """Meanwhile announcements come and go, a few a second."""
    ended = threading.Event()
    failed: list[BaseException] = []

    def run() -> None:
        try:
            while not ended.wait(0.3):
                town.publish()
                if len(town.shown) > 4:
                    town.withdraw()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(START_SECONDS)
    assert failed == []


@pytest.fixture(params=["nginx", "haproxy"])
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Town]:
    find_proxy(request.param)  # an error that says what to install
    with many(proxy=request.param, web=3, workers=2, drain=3) as shape:
        shape.start()
        app = create_app(make_settings(shape.database_url, tmp_path / "instance"))
        with factories.present_app(app):
            people = make_people()
            town = Town(shape, people, factories.make_token(people.teresa))
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        yield town
    Browser.close_all()


def upset(shape: Many, connection_error: Callable[[], None]) -> None:
    """One thing after the other goes and comes back."""
    shape.parts["redis"].kill()
    connection_error()
    shape.parts["web-2"].kill()
    shape.parts["worker-1"].kill()
    shape.parts["redis"].start()
    shape.parts["postgresql"].kill()  # as a power cut would
    shape.parts["postgresql"].start()
    shape.parts["web-2"].start()
    shape.parts["worker-1"].start()
    shape.parts[shape.proxy].restart()


def miss_workers(shape: Many, visitor: Visitor) -> None:
    """All of them are away until every web process says so, and the proxy has asked them again and again."""
    workers = shape.of("worker")
    for worker in workers:
        worker.stop()
    ready = [f"http://127.0.0.1:{port}/readyz" for port in shape.web_ports]
    wait_until(lambda: not any(answers(url) for url in ready), "processes without a worker", START_SECONDS)
    missed_at, asked = time.monotonic(), visitor.asked
    wait_until(lambda: time.monotonic() > missed_at + MISSED_SECONDS, "the proxy to notice", START_SECONDS)
    assert visitor.asked > asked
    for worker in workers:
        worker.start()


@full_form
@pytest.mark.browser
@pytest.mark.database("postgresql")
def test_everything_is_restarted_under_open_pages(town: Town, new_context: Callable[..., BrowserContext]) -> None:
    """A rolling restart shows nobody a gap, nor does a time without any worker. After that the database, Redis, the
    proxy and processes die: in the end every page shows its person's board, and a socket that was closed came back by
    itself. Real browsers stand among the pages: at no time does a screen that calls itself up to date show what is
    over.
    """
    shape, people = town.shape, town.people
    server: Any = SimpleNamespace(url=shape.url)
    ana, bruno = Browser(server, people.ana), Browser(server, people.bruno)
    pages = [Page(browser, lambda: server) for browser in (ana, bruno) for _page in range(PAGES_EACH)]
    people_at_screens = (people.ana, people.ana, people.bruno)
    screens = [Screen(new_context().new_page(), shape.url, person) for person in people_at_screens]
    try:
        wait_until(lambda: all(page.is_live for page in pages), "open pages", START_SECONDS)
        with publishing(town), Visitor(shape.url, ana.http).visiting() as visitor:
            before = [page.connects for page in pages]
            shape.roll()
            after = [page.connects for page in pages]
            miss_workers(shape, visitor)
        assert visitor.asked > 100
        assert visitor.failures == []
        assert all(now > then for then, now in zip(before, after, strict=True)), "each socket moved"
        assert max(now - then for then, now in zip(before, after, strict=True)) <= len(shape.of("web")) + 1
        check(town, ana, bruno, pages)
        look_at(screens, town)
        with publishing(town):
            upset(shape, town.publish)
        check(town, ana, bruno, pages)
        look_at(screens, town)
    finally:
        for page in pages:
            page.stop()


def check(town: Town, ana: Browser, bruno: Browser, pages: list[Page]) -> None:
    """Every process gives the same board, and every page shows it."""
    server: Any = SimpleNamespace(url=town.shape.url)
    for browser, expected in ((ana, town.shown), (bruno, set())):
        board = browser.board(server)
        assert {banner["id"] for banner in board["banners"]} == expected
        mine = [page for page in pages if page.browser is browser]
        wait_until(lambda: all(page.shows(board) for page in mine), "right boards", SETTLE_SECONDS)  # noqa: B023


def look_at(screens: list[Screen], town: Town) -> None:
    """What the first ones, Ana's, and the last, Bruno's, show now, and what they have shown since they were opened."""
    drawn = min(MOST_DRAWN, len(town.shown))
    *hers, his = screens
    wait_until(lambda: all(screen.now.is_live for screen in screens), "live screens", SETTLE_SECONDS)
    for screen in hers:
        wait_until(
            lambda s=screen: s.now.shown <= town.shown and len(s.now.shown) == drawn,  # type: ignore[misc]
            f"{drawn} of {sorted(town.shown)} on a screen",
            SETTLE_SECONDS,
        )
    for screen in screens:
        lies = [sight.find_lie(town.ended, LATE_SECONDS) for sight in screen.seen()]
        assert [lie for lie in lies if lie] == []
        assert screen.problems == []
    assert len({number for sight in hers[0].seen() for number in sight.shown}) > drawn, "it was told of changes"
    assert not any(sight.shown for sight in his.seen()), "Bruno is not concerned"
