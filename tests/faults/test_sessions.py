"""A session that ends, or a person who may see less, while sockets are open on three processes."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable

from helpdesk.accounts import actions, queries
from helpdesk.accounts.models import User
from helpdesk.accounts.rules import SESSION_IDLE, Role
from tests import factories
from tests.faults.pages import Page
from tests.faults.processes import PROMISE_SECONDS, SLACK_SECONDS, Browser, Desk, full_form
from tests.waiting import wait_until

LIMIT = PROMISE_SECONDS + SLACK_SECONDS
PROCESSES = 3


def change(desk: Desk, user: User, **parts: object) -> None:
    def write() -> None:
        before = queries.change_of(queries.get_user(user.id))
        actions.change_user(factories.viewer(desk.people.adam), user.id, dataclasses.replace(before, **parts))

    factories.in_app(write)()


@full_form
def test_sockets_close_everywhere(desk: Desk) -> None:
    """Signing out, a new password, another role, a session that nobody used for too long, and being disabled."""
    servers = desk.servers(PROCESSES)
    ana, admin = desk.people.ana, factories.viewer(desk.people.adam)
    ways: dict[str, Callable[[Browser], object]] = {
        "signed out": lambda browser: browser.post(servers[0], "/sign-out"),
        "password": factories.in_app(lambda _browser: actions.set_password(admin, ana.id, factories.PASSWORD)),
        "role": lambda _browser: change(desk, ana, role=Role.agent),
        "too old": lambda _browser: servers[0].advance(SESSION_IDLE.total_seconds() + 60),
        "disabled": factories.in_app(lambda _browser: actions.disable_user(admin, ana.id)),
    }
    for name, way in ways.items():
        browser = Browser(servers[0], ana)
        wires = [browser.join(server)[0] for server in servers]
        way(browser)
        start = time.monotonic()
        for wire in wires:
            assert wire.is_closed(within=LIMIT), name
        assert time.monotonic() - start <= LIMIT, name
        for server in servers:
            assert browser.http.get(f"{server.url}/api/v1/me", timeout=20).status_code == 401, name


@full_form
def test_who_moves_away_loses_the_notices_of_the_old_department(desk: Desk) -> None:
    """Within two seconds on every process; what is published meanwhile and afterwards does not reach them."""
    servers = desk.servers(PROCESSES)
    factories.make_user("Rita", department=desk.people.finance)  # stays: notices to nobody are refused
    ana = Browser(servers[0], desk.people.ana)
    pages = [Page(ana, lambda server=server: server) for server in servers]  # type: ignore[misc]
    try:
        first = desk.publish(servers[0], "The first notice")
        wait_until(lambda: all(page.ids == [first] for page in pages), "everybody shows it", LIMIT)
        change(desk, desk.people.ana, department_id=desk.people.sales.id)
        later = [desk.publish(servers[1], "Another notice"), desk.publish(servers[2], "A third notice")]
        wait_until(lambda: all(page.ids == [] for page in pages), "it is gone everywhere", LIMIT)
        last = desk.publish(servers[0], "After the move")
        bruno = Browser(servers[1], desk.people.bruno)
        change(desk, desk.people.bruno, department_id=desk.people.finance.id)
        watcher = Page(bruno, lambda: servers[1])
        wait_until(lambda: last in watcher.ids, "who came instead has them", LIMIT)
        watcher.stop()
        for page in pages:
            assert [page.times("banner", one) for one in (*later, last)] == [0, 0, 0]
            assert page.ids == []
    finally:
        for page in pages:
            page.stop()
