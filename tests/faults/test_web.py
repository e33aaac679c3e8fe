"""A web process dies at the worst moment, or another one ends a session: every open page is right within 2 s."""

from __future__ import annotations

import time

import pytest
import requests

from tests.faults.pages import Page
from tests.faults.processes import (
    PROMISE_SECONDS,
    SLACK_SECONDS,
    START_SECONDS,
    Browser,
    Desk,
    arm,
    by_turns,
    full_form,
    size,
)
from tests.live import LiveServer
from tests.realtime.wires import Wire
from tests.waiting import wait_until

pytestmark = by_turns

LIMIT = PROMISE_SECONDS + SLACK_SECONDS


def ids(board: dict[str, object]) -> list[int]:
    return [banner["id"] for banner in board["banners"]]  # type: ignore[attr-defined]


def reconnect(browser: Browser, server: LiveServer) -> tuple[Wire, dict[str, object], float]:
    start = time.monotonic()
    wire, board = browser.join(server)
    return wire, board, time.monotonic() - start


def test_published_and_killed_before_the_push(desk: Desk) -> None:
    """The other process tells its pages; those of the dead one know it when they are back. Nothing comes twice."""
    first, second = desk.servers(2)
    ana = Browser(second, desk.people.ana)
    here, there = Page(ana, lambda: first), Page(ana, lambda: second)
    try:
        for _round in range(size(1, 25)):
            kill_before_the_push(desk, first, second, here, there)
    finally:
        here.stop()
        there.stop()


def kill_before_the_push(desk: Desk, first: LiveServer, second: LiveServer, here: Page, there: Page) -> None:
    announcement_id = desk.draft(first)
    wait_until(lambda: here.is_live and there.is_live, "both pages are live", START_SECONDS)
    arm(first, "after_commit:kill")
    with pytest.raises(requests.ConnectionError):
        desk.call(first, "POST", f"/announcements/{announcement_id}/publish", {})
    assert first.process is not None
    first.process.wait(20)
    wait_until(lambda: announcement_id in there.ids, "the other process tells it", LIMIT)
    arm(first, "")
    connects = here.connects
    first.start(timeout=START_SECONDS)
    wait_until(lambda: here.connects > connects, "the page is back", START_SECONDS)
    wait_until(lambda: announcement_id in here.ids, "it is greeted with it", LIMIT)
    assert (here.times("banner", announcement_id), there.times("banner", announcement_id)) == (0, 1)
    board = there.browser.board(second)
    assert here.shows(board)
    assert there.shows(board)
    desk.call(second, "POST", f"/announcements/{announcement_id}/withdraw", {})
    wait_until(lambda: not here.ids and not there.ids, "both lose it", LIMIT)


def test_a_restart_under_open_pages(desk: Desk) -> None:
    """What changed while nobody served is on the board that greets them."""
    server = desk.server()
    ana, bruno = Browser(server, desk.people.ana), Browser(server, desk.people.bruno)
    announcement_id = desk.draft(server)
    desk.call(server, "POST", f"/announcements/{announcement_id}/publish", {})
    wire, before = ana.join(server)
    assert ids(before) == [announcement_id]
    server.stop(timeout=START_SECONDS)
    assert wire.is_closed(within=LIMIT)
    server.start(timeout=START_SECONDS)
    desk.call(server, "POST", f"/announcements/{announcement_id}/resolve", {"text": "It works again."})
    _wire, after, took = reconnect(ana, server)
    assert (ids(after), after["epoch"]) == ([], before["epoch"])
    assert after["seq"] > before["seq"]  # type: ignore[operator]
    assert took <= LIMIT
    assert ids(reconnect(bruno, server)[1]) == []


@full_form
def test_a_session_that_ends_on_one_process_ends_on_the_other(desk: Desk) -> None:
    """S4, without Redis: signing out, and being disabled."""
    first, second = desk.server(), desk.server()
    for leave in (lambda browser: browser.post(first, "/sign-out"), lambda _browser: _disable(desk)):
        ana = Browser(first, desk.people.ana)
        wire, _board = ana.join(second)
        leave(ana)
        start = time.monotonic()
        assert wire.is_closed(within=LIMIT)
        assert time.monotonic() - start <= LIMIT
        assert ana.http.get(f"{second.url}/api/v1/me", timeout=20).status_code == 401


def _disable(desk: Desk) -> None:
    from helpdesk.accounts import actions
    from tests import factories

    factories.in_app(lambda: actions.disable_user(factories.viewer(desk.people.adam), desk.people.ana.id))()
