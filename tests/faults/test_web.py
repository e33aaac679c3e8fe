"""A web process dies at the worst moment, or another one ends a session: every open page is right within 2 s."""

from __future__ import annotations

import time

from tests.faults.processes import PROMISE_SECONDS, SLACK_SECONDS, START_SECONDS, Browser, Desk, size
from tests.live import LiveServer
from tests.realtime.wires import Wire

LIMIT = PROMISE_SECONDS + SLACK_SECONDS


def ids(board: dict[str, object]) -> list[int]:
    return [banner["id"] for banner in board["banners"]]  # type: ignore[attr-defined]


def hear_banner(wire: Wire, announcement_id: int) -> float:
    """Until the banner comes; how many seconds it took."""
    start = time.monotonic()
    while True:
        name, data = wire.event(timeout=LIMIT)
        if name == "banner" and data["banner"]["id"] == announcement_id:
            return time.monotonic() - start
        assert name in ("banner", "tick", "board"), name


def reconnect(browser: Browser, server: LiveServer) -> tuple[Wire, dict[str, object], float]:
    start = time.monotonic()
    wire, board = browser.join(server)
    return wire, board, time.monotonic() - start


def test_published_and_killed_before_the_push(desk: Desk) -> None:
    """The other process tells its pages; those of the dead one know it when they are back. Nothing comes twice."""
    first, second = desk.server(), desk.server()
    ana = Browser(second, desk.people.ana)
    for _round in range(size(1, 20)):
        announcement_id = desk.draft(first)
        there, _board = ana.join(second)
        here, _board = ana.join(first)
        desk.call(first, "POST", f"/announcements/{announcement_id}/publish", {})
        first.kill()
        assert hear_banner(there, announcement_id) <= LIMIT
        assert here.is_closed(within=LIMIT)
        first.start(timeout=START_SECONDS)
        wire, board, took = reconnect(ana, first)
        assert took <= LIMIT
        assert ids(board).count(announcement_id) == 1
        assert board["tag"] == ana.board(first)["tag"] == ana.board(second)["tag"]
        desk.call(second, "POST", f"/announcements/{announcement_id}/withdraw", {})
        for one in (there, here, wire):
            one.close()


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
