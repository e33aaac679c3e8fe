"""500 random sequences of everything that changes a board: at the end each page shows what a fresh request gives.

The sequences come from a seeded generator; a failure names its seed and its steps.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from helpdesk import create_app
from helpdesk.accounts import actions as accounts
from helpdesk.accounts import queries as account_queries
from helpdesk.accounts.models import User, UserSession
from helpdesk.catalog import actions as catalog
from helpdesk.catalog import queries as catalog_queries
from helpdesk.config import Settings
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db, transaction
from helpdesk.core.errors import Conflict, HelpdeskError, Invalid
from helpdesk.scheduling.relay import run_until_idle
from helpdesk.scheduling.ticker import run_jobs
from tests import databases, factories, fixtures
from tests.applications import share
from tests.databases import START
from tests.listening import Listener, look_at_feed
from tests.properties.model_client import Line

announcing = pytest.importorskip("plugins.outage_notice.tests.announcing", reason="the plugin's folder was deleted")

from plugins.outage_notice.announcements import actions  # noqa: E402
from plugins.outage_notice.announcements.rules import (  # noqa: E402
    Draft,
    Kind,
    NewUpdate,
    ServiceEffect,
    Weight,
)
from plugins.outage_notice.tests.announcing import EVERYONE, department, requester, service_users  # noqa: E402

SEQUENCES = 500
IN_ONE_TEST = 50
STEPS = (3, 9)
MOST_AT_ONCE = 6  # announcements that are not over
MINUTE = timedelta(minutes=1)


class Page:
    """One open page: its socket, and what it shows. `is_lossy`: frames were lost on the way, unnoticed."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.line = Line(self._ask)
        self.is_lossy = False

    def _ask(self, data: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self.listener.send("resync", data)
        return answer

    def hear(self) -> None:
        for name, message in self.listener.frames():
            self.line.take(name, message)

    def lose(self) -> None:
        self.is_lossy = bool(self.listener.frames()) or self.is_lossy

    def shown(self) -> dict[int, dict[str, Any]]:
        return self.line.board.banners


class World:
    """The desk with three people who look at their pages, and a generator of things that happen."""

    def __init__(self, settings: Settings, clock: FixedClock) -> None:
        self.settings, self.clock = settings, clock
        self.app = self._start()
        with factories.present_app(self.app):
            self.people = fixtures.make_people()
            self.vpn = factories.make_service("VPN", self.people.finance)
            everybody = (self.people.ana, self.people.bruno, self.people.ana)  # she has two tabs
            listeners = [Listener(self.app, user) for user in everybody]
        self.pages = [Page(listener) for listener in listeners]
        self.live: list[int] = []
        self.numbers = 0
        self.random = random.Random(0)
        self.done: list[str] = []

    def _start(self) -> Flask:
        app = create_app(self.settings, self.clock)
        app.config["TESTING"] = True
        share(app)
        return app

    def close(self) -> None:
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()

    # --- one sequence --------------------------------------------------------------------------------------------

    def run(self, seed: int) -> None:
        self.random, self.done = random.Random(seed), []
        if seed % 5 == 0:
            self.reconnect_all()
        for _step in range(self.random.randint(*STEPS)):
            name, act = self.random.choice(ACTS)
            try:
                if name == "restart":  # which ends the application itself
                    said = act(self)
                else:
                    with self.app.app_context():
                        said = act(self)
            except (Conflict, Invalid) as error:  # such as ending what has ended by itself
                said = f"refused: {type(error).__name__}"
            self.done.append(f"{name} {said or ''}".strip())
            if self.random.random() < 0.7:
                self.step()
        self.settle()

    def step(self) -> None:
        look_at_feed(self.app)
        for page in self.pages:
            page.hear()

    def settle(self) -> None:
        """The worker and the feed have run once more, those who were away are back, and a heartbeat was heard."""
        run_until_idle(self.app)
        run_jobs(self.app)
        for page in self.pages:
            if not page.listener.is_connected:
                assert page.listener.connect()
        self.step()
        for page in self.pages:
            if page.is_lossy:
                page.line.take("tick", self.heartbeat(page))
                self.step()
                page.is_lossy = False

    def heartbeat(self, page: Page) -> dict[str, Any]:
        board = page.listener.board()
        return {name: board[name] for name in ("epoch", "seq", "tag", "server_time")}

    def reconnect_all(self) -> None:
        for page in self.pages:
            page.listener.disconnect()
            page.listener.app = self.app
            page.line = Line(page._ask)
            page.is_lossy = False
            assert page.listener.connect()
        self.step()

    # --- what people do ------------------------------------------------------------------------------------------

    def viewer(self, user: User) -> Any:
        return factories.viewer(user)

    def audience(self) -> Any:
        people = self.people
        one = self.random.choice(
            [department(people.finance), department(people.sales), department(people.commerce), EVERYONE,
             requester(people.ana), service_users(self.vpn)]
        )  # fmt: skip
        return (one, department(people.sales)) if self.random.random() < 0.2 and one != EVERYONE else (one,)

    def publish(self) -> str:
        if len(self.live) >= MOST_AT_ONCE:
            return self.end()
        self.numbers += 1
        now, kind = self.clock.now(), self.random.choice(list(Kind))
        fields: dict[str, Any] = {
            "kind": kind,
            "severity": 4 if kind is Kind.information else self.random.randint(1, 3),
            "title": f"Announcement {self.numbers}",
            "description": "What they notice",
            "services": (ServiceEffect(self.vpn.id),),
            "audience": self.audience(),
        }
        start = now + self.random.choice([0, 5, 30, 90]) * MINUTE
        if kind is Kind.incident:
            fields["next_update_at"] = now + 600 * MINUTE
        elif kind is Kind.maintenance:
            fields |= {"starts_at": start + 30 * MINUTE, "planned_end_at": start + 90 * MINUTE, "show_from": start}
            fields["ends_by_itself"] = self.random.random() < 0.6
            if self.random.random() < 0.3:
                fields |= {"recurrence": "FREQ=DAILY", "ends_by_itself": False}
        else:
            fields["show_until"] = start + self.random.choice([10, 60, 600]) * MINUTE
        if fields["audience"] == (EVERYONE,) and fields["severity"] == 1:
            fields["severity"] = 2  # which asks for the number of people
        teresa = self.viewer(self.people.teresa)
        record = actions.create_draft(teresa, Draft(**fields))
        self.live.append(record.id)
        actions.publish(teresa, record.id)
        return f"{record.id}: {kind.value} for {fields['audience']}"

    def one(self) -> int:
        if not self.live:
            raise Conflict("nothing is published")
        return self.random.choice(self.live)

    def edit(self) -> str:
        changes: dict[str, Any] = {"title": f"Changed {self.random.randint(1, 9)}"}
        if self.random.random() < 0.4:
            changes = {"audience": self.audience()}
        elif self.random.random() < 0.3:
            changes = {"severity": self.random.randint(2, 3)}
        weight = self.random.choice([None, *Weight])
        chosen = self.one()
        actions.edit_published(self.viewer(self.people.teresa), chosen, changes, weight=weight)
        return f"{chosen}: {changes} {weight}"

    def post(self) -> str:
        chosen, is_public = self.one(), self.random.random() < 0.7
        actions.post_update(self.viewer(self.people.teresa), chosen, NewUpdate(text="News", is_public=is_public))
        return f"{chosen} {is_public}"

    def end(self) -> str:
        chosen = self.one()
        act = self.random.choice([actions.resolve, actions.cancel, actions.withdraw])
        if len(self.live) >= MOST_AT_ONCE or self.random.random() < 0.7:
            self.live.remove(chosen)
        act(self.viewer(self.people.teresa), chosen, "It works again")
        return f"{chosen}: {act.__name__}"

    def reopen(self) -> str:
        chosen = self.one()
        actions.reopen(self.viewer(self.people.teresa), chosen, "Again")
        return str(chosen)

    def move_person(self) -> str:
        user = self.random.choice([self.people.ana, self.people.bruno])
        where = self.random.choice([self.people.finance, self.people.sales, self.people.commerce, None])
        before = account_queries.change_of(account_queries.get_user(user.id))
        accounts.change_user(None, user.id, replace(before, department_id=where.id if where else None))
        return f"{user.name} to {where.name if where else 'nowhere'}"

    def move_department(self) -> str:
        where = self.random.choice([self.people.administration, self.people.commerce, self.people.town_hall])
        accounts.move_department(None, self.people.finance.id, where.id)
        return f"Finance to {where.name}"

    def change_service(self) -> str:
        rows = self.random.sample([self.people.finance, self.people.sales, self.people.commerce], 2)
        service = catalog_queries.get_service(self.vpn.id)
        ids = tuple(row.id for row in rows[: self.random.randint(0, 2)])
        catalog.change_service(None, service.id, replace(catalog_queries.change_of(service), department_ids=ids))
        return f"VPN for {ids}"

    def rename_service(self) -> str:
        service = catalog_queries.get_service(self.vpn.id)
        name = f"VPN {self.random.randint(1, 3)}"
        catalog.change_service(None, service.id, replace(catalog_queries.change_of(service), name=name))
        return name

    def act_on_banner(self) -> str:
        page = self.random.choice(self.pages)
        if not page.shown() or not page.listener.is_connected:
            raise Conflict("nothing is shown")
        banner = self.random.choice(list(page.shown().values()))
        what = self.random.choice(["read", "hidden", "snoozed", "delivered", "affected"])
        data = {"id": banner["id"], "version": banner["version"], "what": what}
        if what == "snoozed":
            data["minutes"] = self.random.choice([5, 60])
        if self.random.random() < 0.5:
            answer = page.listener.send("receipt", data)
        else:
            headers = {"X-CSRF-Token": page.listener.csrf}
            answer = page.listener.client.post("/api/v1/me/receipts", json=data, headers=headers).get_json()
        return f"{page.listener.user.name}: {data} {answer.get('error', '')}"

    # --- what happens to the machines ----------------------------------------------------------------------------

    def advance(self) -> str:
        minutes = self.random.choice([1, 10, 45, 120, 1440 if self.random.random() < 0.1 else 30])
        self.clock.advance(minutes=minutes)
        with self.app.app_context(), transaction() as session:  # nobody's session runs out over all these days
            session.execute(update(UserSession).values(seen_at=self.clock.now(), created_at=self.clock.now()))
        return f"{minutes} min"

    def run_worker(self) -> None:
        run_until_idle(self.app)
        run_jobs(self.app)

    def disconnect(self) -> str:
        page = self.random.choice(self.pages)
        page.listener.disconnect()
        return page.listener.user.name

    def reconnect(self) -> None:
        for page in self.pages:
            if not page.listener.is_connected:
                assert page.listener.connect()

    def lose_frames(self) -> str:
        page = self.random.choice(self.pages)
        look_at_feed(self.app)
        page.lose()
        return page.listener.user.name

    def restart(self) -> None:
        """The process dies and another one begins; browsers keep what they had and connect again."""
        for page in self.pages:
            page.listener.disconnect()
        self.close()
        self.app = self._start()
        for page in self.pages:
            page.listener.move_to(self.app)


Act = Callable[[World], str | None]
WEIGHTED: list[tuple[str, Act, int]] = [
    ("publish", World.publish, 6), ("edit", World.edit, 4), ("post", World.post, 2), ("end", World.end, 4),
    ("reopen", World.reopen, 2), ("move a person", World.move_person, 4),
    ("move a department", World.move_department, 1),
    ("change a service", World.change_service, 2), ("rename a service", World.rename_service, 1),
    ("act on a banner", World.act_on_banner, 6), ("advance", World.advance, 4), ("run the worker", World.run_worker, 3),
    ("disconnect", World.disconnect, 2), ("reconnect", World.reconnect, 2), ("lose frames", World.lose_frames, 2),
    ("restart", World.restart, 1),
]  # fmt: skip
ACTS = [(name, act) for name, act, weight in WEIGHTED for _time in range(weight)]


@pytest.fixture(scope="module")
def world(sqlite_template: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("boards")
    settings = databases.make_settings(databases.copy_sqlite(sqlite_template, folder), folder / "instance")
    world = World(settings, FixedClock(START))
    yield world
    world.close()


def compare(world: World, seed: int) -> None:
    now = world.clock.now().isoformat()
    for page in world.pages:
        fresh = {b["id"]: forget_passed(b, now) for b in page.listener.board()["banners"]}
        shown = {b["id"]: forget_passed(b, now) for b in page.shown().values()}
        story = f"seed {seed}, {page.listener.user.name}:\n" + "\n".join(world.done)
        assert shown.keys() == fresh.keys(), story
        for banner_id, banner in fresh.items():
            wrong = {k: (shown[banner_id][k], v) for k, v in banner.items() if shown[banner_id][k] != v}
            assert not wrong, f"{story}\n(shown, true) of {banner_id}: {wrong}"


def forget_passed(banner: dict[str, Any], now: str) -> dict[str, Any]:
    """A page lets a put-off banner return by its own clock."""
    until = banner["receipt"]["snoozed_until"]
    is_over = until is not None and until.replace("Z", "+00:00") <= now
    return banner | {"receipt": banner["receipt"] | {"snoozed_until": None if is_over else until}}


@pytest.mark.long
@pytest.mark.parametrize("first", range(0, SEQUENCES, IN_ONE_TEST))
def test_every_page_ends_with_what_a_fresh_request_gives(world: World, first: int) -> None:
    world.restart()
    for seed in range(first, first + IN_ONE_TEST):
        try:
            world.run(seed)
        except HelpdeskError as error:
            raise AssertionError(f"seed {seed}: {world.done}") from error
        compare(world, seed)
