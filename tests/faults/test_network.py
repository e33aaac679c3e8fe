"""Pages behind a network that delays, freezes, repeats and cuts, and pages that are sent to other processes."""

from __future__ import annotations

import itertools
import os
import random
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.faults.pages import Page
from tests.faults.processes import (
    PROMISE_SECONDS,
    SLACK_SECONDS,
    START_SECONDS,
    Browser,
    Desk,
    arm,
    full_form,
    size,
)
from tests.faults.relay import Relay
from tests.faults.screens import sign_in, state_of
from tests.live import LiveServer
from tests.waiting import wait_until

LIMIT = PROMISE_SECONDS + SLACK_SECONDS
HALF_OPEN_SECONDS = 25.0


@pytest.fixture
def make_relay() -> Iterator[Callable[[LiveServer], Relay]]:
    made: list[Relay] = []

    def make(server: LiveServer) -> Relay:
        made.append(Relay(server.port))
        return made[-1]

    yield make
    for relay in made:
        relay.close()


MakeRelay = Callable[[LiveServer], Relay]


@full_form
def test_an_outage_of_the_network_ends_with_the_truth(desk: Desk, make_relay: MakeRelay) -> None:
    """Ten minutes offline, then eight hours asleep: within 2 s of the return everything that ended is gone, at once."""
    server = desk.server()
    relay = make_relay(server)
    browser = Browser(server, desk.people.ana)
    page = Page(browser, lambda: server, through=relay.url)
    try:
        old = desk.publish(server, "An old notice")
        wait_until(lambda: page.ids == [old], "it is shown", START_SECONDS)
        for seconds, lose in ((600, relay.cut), (8 * 3600, relay.freeze)):
            lose()
            new = [desk.publish(server, f"Notice {number}") for number in range(3)]
            desk.call(server, "POST", f"/announcements/{old}/resolve", {"text": "It works again."})
            desk.call(server, "POST", f"/announcements/{new[0]}/withdraw", {})
            server.advance(seconds)
            before, connects = len(page.frames), page.connects
            relay.cut()  # what a system does to its connections when it wakes up
            relay.thaw()
            relay.mend()
            wait_until(lambda c=connects: page.connects > c, "it is back", START_SECONDS)  # type: ignore[misc]
            wait_until(lambda i=new[1:]: page.ids == i, "it shows what holds", LIMIT)  # type: ignore[misc]
            assert page.shows(browser.board(server))
            later = page.frames[before:]
            assert [frame.name for frame in later if frame.name != "tick"] == ["board"], "one board, not a burst"
            for one in new[2:]:
                desk.call(server, "POST", f"/announcements/{one}/withdraw", {})
            old = new[1]
            wait_until(lambda i=old: page.ids == [i], "one is left", LIMIT)  # type: ignore[misc]
    finally:
        page.stop()


@full_form
def test_what_comes_late_or_twice_changes_nothing(desk: Desk, make_relay: MakeRelay) -> None:
    """Every piece of the server's stream arrives twice and late: the page still equals a fresh fetch."""
    server = desk.server()
    relay = make_relay(server)
    browser = Browser(server, desk.people.ana)
    page = Page(browser, lambda: server, through=relay.url)
    try:
        wait_until(lambda: page.is_live, "the page is live", START_SECONDS)
        relay.duplicates, relay.delay = True, 0.05
        kept: list[int] = []
        chance = random.Random(5)
        for _change in range(size(8, 60)):
            if kept and chance.random() < 0.4:
                gone = kept.pop(chance.randrange(len(kept)))
                desk.call(server, "POST", f"/announcements/{gone}/withdraw", {})
            else:
                kept.append(desk.publish(server))
        wait_until(lambda: page.ids == sorted(kept), "it shows what holds", LIMIT)
        assert any(page.times("banner", one) > 1 for one in kept)
        assert page.shows(browser.board(server))
    finally:
        page.stop()


@full_form
def test_lost_events_are_found(desk: Desk) -> None:
    """A third of all pushes vanish inside the server. The next heartbeat finds it; a page that polls never notices."""
    server = desk.server()
    browser = Browser(server, desk.people.ana)
    page = Page(browser, lambda: server)
    try:
        wait_until(lambda: page.is_live, "the page is live", START_SECONDS)
        arm(server, "push:drop=0.3")
        shown = [desk.publish(server) for _number in range(size(6, 40))]
        for one in shown[::2]:
            desk.call(server, "POST", f"/announcements/{one}/withdraw", {})
        assert {banner["id"] for banner in browser.board(server)["banners"]} == set(shown[1::2])
        arm(server, "push:drop=1")
        hidden = desk.publish(server)
        arm(server, "")
        wait_until(
            lambda: page.ids == [*shown[1::2], hidden], "the heartbeat finds it", HALF_OPEN_SECONDS + SLACK_SECONDS
        )
        assert page.shows(browser.board(server))
        assert page.connects == 1
    finally:
        page.stop()


@full_form
def test_a_connection_that_is_open_on_one_side_only(desk: Desk, make_relay: MakeRelay) -> None:
    """The network forgets the connection without a word: the server lets go of it within 25 s."""
    server = desk.server()
    relay = make_relay(server)
    browser = Browser(server, desk.people.ana)
    wires = [browser.wire(server, through=relay.url) for _number in range(8)]
    for wire in wires:
        assert wire.join(browser.csrf).startswith("40/live")
    assert server.process is not None
    before = len(os.listdir(f"/proc/{server.process.pid}/fd"))
    relay.freeze()
    start = time.monotonic()
    wait_until(
        lambda: len(os.listdir(f"/proc/{server.process.pid}/fd")) <= before - 8,  # type: ignore[union-attr]
        "the server lets go",
        HALF_OPEN_SECONDS + SLACK_SECONDS,
    )
    assert time.monotonic() - start > 5  # not because of an end that somebody told it
    relay.thaw()


@full_form
@pytest.mark.browser
def test_a_real_page_says_that_it_is_not_live(
    desk: Desk, make_relay: MakeRelay, new_context: Callable[..., BrowserContext]
) -> None:
    """The page's connection falls silent: within 25 s it says so, and after the return it is right by itself."""
    server = desk.make()
    relay = make_relay(server)
    server.environment["HELPDESK_PUBLIC_URL"] = relay.url
    server.start(START_SECONDS)
    page = new_context().new_page()
    sign_in(page, relay.url, desk.people.ana)
    wait_until(lambda: state_of(page) == "live", "a live page", START_SECONDS)
    relay.freeze()
    wait_until(lambda: state_of(page) != "live", "it says so", HALF_OPEN_SECONDS + 8 + SLACK_SECONDS)
    desk.publish(server, "The VPN is down for everybody")
    relay.cut()
    relay.thaw()
    relay.mend()
    notice = page.locator("#notices .notice", has_text="The VPN is down for everybody")
    expect(notice).to_be_visible(timeout=(30 + SLACK_SECONDS) * 1000)
    wait_until(lambda: state_of(page) == "live", "it is live again", START_SECONDS)


@full_form
def test_a_balancer_that_sends_each_connect_elsewhere(desk: Desk) -> None:
    """No process knows anything about a page that another served: every hop costs one connect, and all are right."""
    servers = desk.servers(3)
    turn = itertools.count()
    browser = Browser(servers[0], desk.people.ana)
    page = Page(browser, lambda: servers[next(turn) % 3])
    hops = size(9, 100)
    try:
        wait_until(lambda: page.is_live, "the page is live", START_SECONDS)
        shown = desk.publish(servers[0])
        for number in range(hops):
            if number % 10 == 5:
                desk.call(servers[1], "POST", f"/announcements/{shown}/withdraw", {})
                shown = desk.publish(servers[number % 3])
            wait_until(lambda i=shown: page.ids == [i], "it shows what holds", LIMIT)  # type: ignore[misc]
            connects = page.connects
            page.drop()
            wait_until(lambda c=connects: page.connects > c and page.is_live, "it is back", LIMIT)  # type: ignore[misc]
        wait_until(lambda: page.shows(browser.board(servers[0])), "it is right in the end", LIMIT)
        assert page.attempts <= 1.2 * (hops + 1)
    finally:
        page.stop()


@full_form
def test_an_address_of_another_process_is_refused_cleanly(desk: Desk) -> None:
    """A request for a transport that lives elsewhere gets an answer that lets the page begin anew."""
    first, second = desk.servers(2)
    browser = Browser(first, desk.people.ana)
    wire = browser.wire(first)
    sid = wire.read().partition('"sid":"')[2].partition('"')[0]
    assert sid
    headers = {"Origin": second.url}
    for query in (f"EIO=4&transport=polling&sid={sid}", f"EIO=4&transport=websocket&sid={sid}"):
        answer = browser.http.get(f"{second.url}/socket.io/?{query}", headers=headers, timeout=10)
        assert (answer.status_code, answer.text) == (400, "Bad request")
