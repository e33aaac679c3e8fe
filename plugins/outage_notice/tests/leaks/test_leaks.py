"""X2, X8: every verb × every channel × somebody it is not for: no trace. The person it is for gets it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk import create_app
from helpdesk.catalog.models import Service
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db
from helpdesk.mail.models import OutgoingMail
from helpdesk.scheduling.relay import run_until_idle
from helpdesk.scheduling.ticker import run_jobs
from helpdesk.tickets import actions as tickets
from helpdesk.tickets.models import Message
from helpdesk.tickets.rules import NewTicket
from plugins.outage_notice.announcements import actions
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.rules import (
    Anchor,
    Draft,
    NewUpdate,
    PlanEntry,
    Says,
    ServiceEffect,
    Texts,
    Weight,
)
from plugins.outage_notice.tests.announcing import HOUR, department
from tests import databases, factories, fixtures
from tests.databases import START
from tests.listening import Listener, look_at_feed

pytestmark = pytest.mark.by_turns

_numbers = count(1)


class World:
    """Ana of Finance and Bruno of Sales with open pages, and one announcement for Finance full of one secret word."""

    def __init__(self, app: Flask, clock: FixedClock, people: fixtures.People) -> None:
        self.app, self.clock, self.people = app, clock, people
        self.legal = factories.make_department("Legal", people.commerce)
        factories.make_user("Lena", department=self.legal, password=None)
        self.vpn: Service = factories.make_service("VPN", people.finance, people.sales)
        self.ana, self.bruno = Listener(app, people.ana), Listener(app, people.bruno)
        self.token = factories.make_token(people.bruno)
        self.ticket = self.open_ticket(people.bruno)
        for person in (self.ana, self.bruno):
            assert person.connect()
            person.frames()
        self.bruno_tag = self.bruno.board()["tag"]
        self.begin()

    def begin(self) -> None:
        """A new word, and nothing said about it yet."""
        self.word = f"zebrafish{next(_numbers)}"
        self.id = 0

    def open_ticket(self, user: Any) -> int:
        with self.app.app_context():
            new = NewTicket("keyword does not work", "keyword", service_id=self.vpn.id)
            number = tickets.open_ticket(factories.viewer(user), new).number
        run_until_idle(self.app)
        return number

    def text(self, where: str) -> str:
        return f"{self.word} {where}"

    def fields(self, **more: Any) -> Draft:
        values: dict[str, Any] = {
            "severity": 2,
            "title": self.text("title"),
            "description": self.text("description"),
            "workaround": self.text("workaround"),
            "automated_reply_text": self.text("reply"),
            "translations": {"es": Texts(self.text("título"), self.text("descripción"), "")},
            "keywords": "keyword",
            "services": (ServiceEffect(self.vpn.id),),
            "audience": (department(self.people.finance),),
            "next_update_at": self.clock.now() + HOUR,
            "notice_plan": (PlanEntry(Says.mail), PlanEntry(Says.mail, Anchor.end)),
        }
        return Draft(**(values | more))


# --- the verbs: each is done by Teresa; True when Ana sees the word afterwards ---------------------------------------


def create_draft(w: World, **more: Any) -> bool:
    w.id = actions.create_draft(factories.viewer(w.people.teresa), w.fields(**more)).id
    return False


def publish(w: World, **more: Any) -> bool:
    create_draft(w, **more)
    actions.publish(factories.viewer(w.people.teresa), w.id)
    return True


def schedule(w: World) -> bool:
    publish(w, show_from=w.clock.now() + 24 * HOUR)
    return False


def edit(weight: Weight) -> Callable[[World], bool]:
    def change(w: World) -> bool:
        publish(w)
        changes = {"title": w.text("changed")}
        actions.edit_published(factories.viewer(w.people.teresa), w.id, changes, weight=weight)
        return True

    return change


def post_update(w: World) -> bool:
    publish(w)
    actions.post_update(factories.viewer(w.people.teresa), w.id, NewUpdate(text=w.text("update")))
    return True


def write_note(w: World) -> bool:
    publish(w, title="Plain", description="", workaround="", automated_reply_text="", translations={})
    actions.post_update(factories.viewer(w.people.teresa), w.id, NewUpdate(text=w.text("note"), is_public=False))
    return False


def move_audience(w: World) -> bool:
    publish(w)
    look_at_feed(w.app)
    changes = {"audience": (department(w.legal),)}
    actions.edit_published(factories.viewer(w.people.teresa), w.id, changes)
    return False


def end(act: Callable[..., Announcement], *, stays_in_list: bool) -> Callable[[World], bool]:
    def finish(w: World) -> bool:
        publish(w)
        look_at_feed(w.app)
        act(factories.viewer(w.people.teresa), w.id, w.text("ending"))
        return stays_in_list

    return finish


def reopen(w: World) -> bool:
    end(actions.resolve, stays_in_list=True)(w)
    actions.reopen(factories.viewer(w.people.teresa), w.id, w.text("again"))
    return True


def delete(w: World) -> bool:
    create_draft(w)
    actions.delete_draft(factories.viewer(w.people.teresa), w.id)
    return False


VERBS: dict[str, Callable[[World], bool]] = {
    "create draft": create_draft,
    "schedule": schedule,
    "publish": publish,
    "edit silently": edit(Weight.silent),
    "edit as an update": edit(Weight.update),
    "edit and alert again": edit(Weight.alert_again),
    "post an update": post_update,
    "write an internal note": write_note,
    "move the audience": move_audience,
    "resolve": end(actions.resolve, stays_in_list=True),
    "cancel": end(actions.cancel, stays_in_list=True),
    "withdraw": end(actions.withdraw, stays_in_list=False),
    "reopen": reopen,
    "delete": delete,
}


# --- the channels: all text that reaches a person by each -----------------------------------------------------------


def pages(w: World, person: Listener) -> Iterator[tuple[str, str]]:
    """Every address that requesters may open without naming an object, pages and API alike, headers included."""
    for rule in w.app.url_map.iter_rules():
        access = getattr(w.app.view_functions[rule.endpoint], "access", None)
        if access and access.role in ("public", "requester") and "GET" in (rule.methods or ()) and not rule.arguments:
            answer = person.client.get(rule.rule)
            yield rule.rule, f"{answer.headers} {answer.get_data(as_text=True)}"


def addresses(w: World, person: Listener) -> Iterator[tuple[str, str]]:
    """What names the announcement, or asks for it in other words; as the page and as a program."""
    paths = [
        f"/notices/{w.id}",
        f"/announcements/{w.id}",
        f"/announcements/{w.id}/edit",
        "/announcements",
        f"/api/v1/announcements/{w.id}",
        f"/api/v1/announcements/{w.id}/timeline",
        f"/api/v1/announcements/{w.id}/reach",
        f"/api/v1/announcements/{w.id}/check",
        "/api/v1/announcements?tab=drafts",
        f"/api/v1/applies-to?requester={w.people.ana.id}&service={w.vpn.id}",
        f"/api/v1/applies-to?service={w.vpn.id}&text=keyword",
        f"/tickets/new?service_id={w.vpn.id}&subject=keyword",
        f"/tickets/new/notices?service_id={w.vpn.id}&text=keyword",
        "/tickets?q=zebra",
        "/api/v1/tickets?q=zebra",
        "/services/search?q=zebra",
        f"/tickets/{w.ticket}",
        f"/tickets/{w.ticket}?fragment=1",
        f"/api/v1/tickets/{w.ticket}?include=messages",
    ]
    for path in paths:
        answer = person.client.get(path)
        yield path, f"{answer.headers} {answer.get_data(as_text=True)}"
        if path.startswith("/api/"):
            answer = w.app.test_client().get(path, headers={"Authorization": f"Bearer {w.token}"})
            yield f"{path} by token", f"{answer.headers} {answer.get_data(as_text=True)}"


def frames(w: World, person: Listener) -> Iterator[tuple[str, str]]:
    """Everything the socket said, also when it asks for its board again and after a new connection."""
    look_at_feed(w.app)
    yield "socket", json.dumps(person.frames())
    person.send("resync", {})
    look_at_feed(w.app)
    yield "resync", json.dumps(person.frames())
    person.disconnect()
    assert person.connect()
    look_at_feed(w.app)
    yield "connect", json.dumps(person.frames())


def replies(w: World, person: Listener) -> Iterator[tuple[str, str]]:
    """The automated reply to a ticket about this very service, in the thread and by mail."""
    w.open_ticket(person.user)
    with w.app.app_context():
        for message in db.session.scalars(select(Message)):
            yield "thread", f"{message.body_text}"
        for mail in db.session.scalars(select(OutgoingMail).where(OutgoingMail.recipient == person.user.email)):
            yield "mail", f"{mail.subject} {mail.text} {mail.html}"
        db.session.rollback()


CHANNELS = (frames, pages, addresses, replies)


@pytest.fixture(scope="module")
def world(sqlite_template: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("leaks")
    settings = databases.make_settings(databases.copy_sqlite(sqlite_template, folder), folder / "instance")
    clock = FixedClock(START)
    app = create_app(settings, clock)
    app.config["TESTING"] = True
    with factories.present_app(app):
        yield World(app, clock, fixtures.make_people())
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def do(w: World, verb: str) -> bool:
    w.begin()
    with w.app.app_context():
        is_for_ana = VERBS[verb](w)
    for _turn in ("the mailing begins", "its mails are written"):
        run_until_idle(w.app)
        run_jobs(w.app)
    run_until_idle(w.app)
    return is_for_ana


@pytest.mark.parametrize("verb", VERBS)
def test_nobody_else_finds_a_trace(world: World, verb: str) -> None:
    do(world, verb)
    look_at_feed(world.app)
    assert world.bruno.frames() == [], "his socket is silent"
    assert world.bruno.board()["tag"] == world.bruno_tag, "and his board has not changed"
    for channel in CHANNELS:
        for where, text in channel(world, world.bruno):
            assert world.word not in text, f"{verb} → {where}"


@pytest.mark.parametrize("verb", VERBS)
def test_the_person_it_is_for_has_it_or_not_yet(world: World, verb: str) -> None:
    is_for_ana = do(world, verb)
    look_at_feed(world.app)
    seen = {where for channel in (pages, frames) for where, text in channel(world, world.ana) if world.word in text}
    if verb in ("create draft", "schedule", "write an internal note", "delete"):
        assert seen == set(), "not before its time"
    elif is_for_ana:
        assert "/notices" in seen
        assert verb != "publish" or any(
            world.word in text for where, text in replies(world, world.ana) if "mail" in where
        )
    else:
        assert not seen - {"socket"}, "it was there and is gone"


def test_a_foreign_notice_answers_like_a_missing_one(world: World) -> None:
    do(world, "publish")
    for path in ("/notices/{}", "/announcements/{}", "/api/v1/announcements/{}"):
        found, missing = (world.bruno.client.get(path.format(i)) for i in (world.id, 999_999))
        assert found.status_code == missing.status_code
        assert len(found.data) == len(missing.data)


def test_who_loses_it_is_told_that_much_and_no_more(world: World) -> None:
    with world.app.app_context():
        world.begin()
        publish(world, audience=(department(world.people.sales),))
        look_at_feed(world.app)
        assert [name for name, _data in world.bruno.frames()] == ["banner"]
        changes = {"audience": (department(world.people.finance),), "title": world.text("for Finance now")}
        actions.edit_published(factories.viewer(world.people.teresa), world.id, changes)
    look_at_feed(world.app)
    ((name, data),) = world.bruno.frames()
    assert (name, data["reason"]) == ("retire", "not_for_you")
    assert world.word not in json.dumps(data)
    for _where, text in pages(world, world.bruno):
        assert world.word not in text
