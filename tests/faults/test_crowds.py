"""Many at once: clients that stop reading, all who come back together, and a process without file descriptors."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import time
from pathlib import Path

import pytest
import requests
import websocket

from helpdesk.realtime.capacity import most_sockets
from tests import factories
from tests.faults.pages import Page
from tests.faults.processes import PROMISE_SECONDS, SLACK_SECONDS, START_SECONDS, Browser, Desk, full_form, size
from tests.live import LiveServer
from tests.realtime.wires import Wire
from tests.waiting import wait_until

LIMIT = PROMISE_SECONDS + SLACK_SECONDS
SOCKETS_EACH = 10  # of one person
LONG = "We are looking into why mail arrives late, and say more as soon as we know. " * 35


def pid_of(server: LiveServer) -> int:
    assert server.process is not None
    return server.process.pid


def megabytes(server: LiveServer) -> float:
    """The memory of the process."""
    status = Path(f"/proc/{pid_of(server)}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def crowd(desk: Desk, server: LiveServer, count: int) -> list[Browser]:
    """People of Finance who are signed in."""
    finance = desk.people.finance
    people = [factories.make_user(f"Person {number}", "requester", finance) for number in range(count)]
    return [Browser(server, person) for person in people]


@full_form
def test_clients_that_stop_reading(desk: Desk) -> None:
    """They are let go instead of being waited for: nobody else is late, and what they cost is bounded."""
    server = desk.server()
    stopped = [wire for browser in crowd(desk, server, 5) for wire in deaf_wires(server, browser, SOCKETS_EACH)]
    page = Page(Browser(server, desk.people.ana), lambda: server)
    announcement_id = desk.publish(server)
    wait_until(lambda: page.ids == [announcement_id], "it is shown", START_SECONDS)
    memory, open_files = megabytes(server), len(os.listdir(f"/proc/{pid_of(server)}/fd"))
    late = [change(desk, server, page, announcement_id, number) for number in range(200)]
    assert sorted(late)[len(late) * 95 // 100] <= 0.5 + SLACK_SECONDS
    assert megabytes(server) - memory <= 20
    wait_until(
        lambda: len(os.listdir(f"/proc/{pid_of(server)}/fd")) <= open_files - len(stopped) + 10,
        "they are let go",
        LIMIT,
    )
    assert page.connects == 1
    back = Page(Browser(server, desk.people.ana), lambda: server)
    wait_until(lambda: back.shows(page.browser.board(server)), "who comes back gets what holds", LIMIT)
    back.stop()
    page.stop()


def deaf_wires(server: LiveServer, browser: Browser, count: int) -> list[Wire]:
    """Sockets that joined and from now on read nothing, with little room in the kernel."""
    wires = []
    for _number in range(count):
        wire = browser.wire(server)
        wire.socket.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        assert wire.join(browser.csrf).startswith("40/live")
        wires.append(wire)
    return wires


def change(desk: Desk, server: LiveServer, page: Page, announcement_id: int, number: int) -> float:
    """Change the text, and how long it took until the page had it."""
    known = requests.get(
        f"{server.url}/api/v1/announcements/{announcement_id}", headers={"Authorization": f"Bearer {desk.token}"}
    )
    title = f"Title {number}"
    start = time.monotonic()
    answer = requests.patch(
        f"{server.url}/api/v1/announcements/{announcement_id}",
        json={"title": title, "description": LONG, "weight": "silent"},
        headers={"Authorization": f"Bearer {desk.token}", "If-Match": known.headers["ETag"]},
        timeout=20,
    )
    if answer.status_code == 429:
        time.sleep(int(answer.headers["Retry-After"]))
        return change(desk, server, page, announcement_id, number)
    assert answer.ok, answer.text
    wait_until(lambda: page.banners[0]["title"] == title, "it is shown", LIMIT, every=0.01)
    return time.monotonic() - start


@full_form
def test_all_come_back_at_once(desk: Desk) -> None:
    """The process dies under everybody, twice. Each page is right again, and none tries without end."""
    server = desk.server()
    pages = [Page(b, lambda: server) for b in crowd(desk, server, size(4, 20)) for _number in range(SOCKETS_EACH)]
    try:
        for round_ in range(2):
            wait_until(lambda: all(page.is_live for page in pages), "all are live", START_SECONDS)
            server.kill()
            server.start(START_SECONDS)
            shown = desk.publish(server, f"After the crash {round_}")
            board = pages[0].browser.board(server)
            assert shown in [banner["id"] for banner in board["banners"]]
            wait_until(lambda b=board: all(page.shows(b) for page in pages), "all show it", 20 + SLACK_SECONDS)  # type: ignore[misc]
        connects = [page.connects for page in pages]
        assert max(connects) <= 2 + 2 * 2  # two crashes, and a greeting that a crash cut short
    finally:
        for page in pages:
            page.stop()


@full_form
def test_no_file_descriptors_are_left(desk: Desk) -> None:
    """Of 256, sockets take only so many: the rest of them is told to come later, and pages are served all the time."""
    server = desk.server()
    browsers = crowd(desk, server, 20)
    page = Page(browsers[0], lambda: server)
    shown = desk.publish(server)
    wait_until(lambda: page.ids == [shown], "it is shown", START_SECONDS)
    resource.prlimit(pid_of(server), resource.RLIMIT_NOFILE, (256, 256))
    joined, refused = 0, []
    for browser in browsers[1:]:
        for _number in range(SOCKETS_EACH):
            try:
                joined += browser.wire(server).join(browser.csrf).startswith("40/live")
            except websocket.WebSocketBadStatusException as error:
                refused.append(error.status_code)
    assert joined == most_sockets(256) - 1
    assert refused == [503] * (len(browsers[1:]) * SOCKETS_EACH - joined)
    for browser in browsers:
        assert [banner["id"] for banner in browser.board(server)["banners"]] == [shown]
        assert browser.http.get(f"{server.url}/tickets", timeout=10).status_code == 200
    last = desk.publish(server, "With everything in use")
    wait_until(lambda: page.ids == [shown, last], "who is connected is told", LIMIT)
    for browser in browsers[1:]:
        for wire in browser.wires:
            with contextlib.suppress(OSError):
                wire.close()
    wait_until(lambda: can_join(browsers[1], server), "there is room again", LIMIT)
    page.stop()
    assert "Too many open files" not in server.log


def can_join(browser: Browser, server: LiveServer) -> bool:
    try:
        return browser.wire(server).join(browser.csrf).startswith("40/live")
    except websocket.WebSocketBadStatusException:
        return False


@pytest.mark.parametrize(("limit", "most"), [(0, 0), (-1, 0), (64, 32), (256, 160), (1024, 896), (1_000_000, 999_488)])
def test_how_many_sockets_leave_room(limit: int, most: int) -> None:
    assert most_sockets(limit) == most
