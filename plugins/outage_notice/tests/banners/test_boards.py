"""Who has what on their board, from when to when, and with which version."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from helpdesk.accounts import actions as accounts
from helpdesk.accounts import queries as account_queries
from helpdesk.accounts.models import User
from helpdesk.core.clock import FixedClock
from plugins.outage_notice.announcements import actions
from plugins.outage_notice.announcements.rules import Kind, NewUpdate, Weight
from plugins.outage_notice.banners.actions import record_receipt
from plugins.outage_notice.banners.queries import boards, next_board_change, retirements
from plugins.outage_notice.banners.rules import What
from plugins.outage_notice.tests.announcing import EVERYONE, department, publish, requester
from tests import factories
from tests.fixtures import People

BANNER_FIELDS = {
    *("id", "version", "revision", "kind", "severity", "status", "phase", "title", "description_html"),
    *("workaround_html", "latest_update", "lang", "dir", "may_hide", "may_snooze", "must_confirm", "receipt"),
    *("services", "started_at", "eta", "next_update_at", "show_until", "updated_at", "url", "drill"),
}


@factories.in_app
def board(user: User) -> tuple[dict[str, Any], ...]:
    from helpdesk.core import clock

    return tuple(dict(b) for b in boards([user.id], clock.now())[user.id].banners)


@factories.in_app
def tag(user: User) -> str:
    from helpdesk.core import clock

    return boards([user.id], clock.now())[user.id].tag


@factories.in_app
def reasons(user: User, *ids: int) -> list[str]:
    from helpdesk.core import clock

    return [r.reason for r in retirements(user.id, ids, clock.now())]


@factories.in_app
def receipt(user: User, announcement_id: int, version: int, what: What, **more: Any) -> None:
    record_receipt(factories.viewer(user), announcement_id, version, what, **more)


@factories.in_app
def act(function: Any, user: User, *args: Any, **more: Any) -> Any:
    return function(factories.viewer(user), *args, **more)


@factories.in_app
def change_person(actor: User, user: User, **changes: Any) -> None:
    from dataclasses import replace

    before = account_queries.change_of(account_queries.get_user(user.id))
    accounts.change_user(factories.viewer(actor), user.id, replace(before, **changes))


def test_exactly_the_people_concerned_have_it(people: People) -> None:
    publish(people.teresa, department(people.finance))
    assert [b["title"] for b in board(people.ana)] == ["VPN is down for everyone at home"]
    assert board(people.bruno) == ()


def test_a_department_includes_those_below_it(people: People) -> None:
    publish(people.teresa, department(people.administration))
    assert len(board(people.ana)) == 1
    assert board(people.bruno) == ()


def test_the_banner_has_the_promised_fields(people: People) -> None:
    publish(people.teresa, requester(people.ana), description="**Now** <script>alert(1)</script>")
    (banner,) = board(people.ana)
    assert set(banner) == BANNER_FIELDS
    assert "<strong>Now</strong>" in banner["description_html"]
    assert "<script" not in banner["description_html"]
    assert banner["started_at"] == "2026-03-12T09:00:00Z"
    assert banner["next_update_at"] == "2026-03-12T10:00:00Z"


def test_a_draft_and_a_scheduled_text_are_on_no_board(people: People, clock: FixedClock) -> None:
    publish(people.teresa, department(people.finance), show_from=clock.now() + timedelta(hours=2))
    assert board(people.ana) == ()


def test_it_goes_on_and_off_by_the_clock_alone(people: People, clock: FixedClock, app: Flask) -> None:
    start = clock.now() + timedelta(hours=2)
    window = {"show_from": start, "show_until": start + timedelta(hours=1)}
    published = publish(people.teresa, department(people.finance), kind=Kind.information, severity=3, **window)
    with app.app_context():
        assert next_board_change(clock.now()) == start
    clock.set(start)
    assert len(board(people.ana)) == 1
    clock.advance(minutes=59, seconds=59)
    assert len(board(people.ana)) == 1
    clock.advance(seconds=1)
    assert board(people.ana) == ()
    assert reasons(people.ana, published.id) == ["ended"]


def test_moving_to_another_department_moves_the_banner(people: People) -> None:
    published = publish(people.teresa, department(people.finance))
    version = board(people.ana)[0]["version"]
    change_person(people.adam, people.ana, department_id=people.sales.id)
    assert board(people.ana) == ()
    assert reasons(people.ana, published.id) == ["not_for_you"]
    change_person(people.adam, people.ana, department_id=people.finance.id)
    assert board(people.ana)[0]["version"] > version


def test_a_disabled_person_sees_nothing(people: People) -> None:
    publish(people.teresa, EVERYONE)
    act(accounts.disable_user, people.adam, people.ana.id)
    assert board(people.ana) == ()


@pytest.mark.parametrize(
    ("ending", "reason"),
    [("resolve", "resolved"), ("cancel", "cancelled"), ("withdraw", "withdrawn")],
)
def test_an_ending_takes_it_off_every_board(people: People, ending: str, reason: str) -> None:
    published = publish(people.teresa, department(people.finance))
    before = tag(people.ana)
    act(getattr(actions, ending), people.teresa, published.id, *(["It works again."] if ending == "resolve" else []))
    assert board(people.ana) == ()
    assert tag(people.ana) != before
    assert reasons(people.ana, published.id) == [reason]


def test_hiding_stays_through_silent_changes_and_ends_with_a_loud_one(people: People) -> None:
    published = publish(people.teresa, department(people.finance))
    receipt(people.ana, published.id, board(people.ana)[0]["version"], What.hidden)
    hidden = board(people.ana)[0]
    assert hidden["receipt"]["hidden"]
    act(actions.edit_published, people.teresa, published.id, {"title": "VPN is down at home"}, weight=Weight.silent)
    silent = board(people.ana)[0]
    assert silent["receipt"]["hidden"]
    assert silent["version"] > hidden["version"]
    update = NewUpdate(text="Worse than we thought.", weight=Weight.alert_again)
    act(actions.post_update, people.teresa, published.id, update)
    assert not board(people.ana)[0]["receipt"]["hidden"]


def test_hiding_the_old_one_does_not_hide_the_loud_change_that_arrives_meanwhile(people: People) -> None:
    published = publish(people.teresa, department(people.finance))
    on_screen = board(people.ana)[0]["version"]
    act(actions.post_update, people.teresa, published.id, NewUpdate(text="Worse.", weight=Weight.alert_again))
    receipt(people.ana, published.id, on_screen, What.hidden)
    assert not board(people.ana)[0]["receipt"]["hidden"]


def test_texts_come_in_the_language_of_the_reader(people: People) -> None:
    from plugins.outage_notice.announcements.rules import Texts

    paula = factories.make_user("Paula", department=people.finance, locale="pt")
    publish(people.teresa, department(people.finance), translations={"pt": Texts("A VPN está indisponível")})
    assert board(paula)[0]["title"] == "A VPN está indisponível"
    assert board(paula)[0]["lang"] == "pt"
    assert board(people.ana)[0]["lang"] == "en"


def test_boards_of_many_people_need_a_constant_number_of_queries(people: People, app: Flask) -> None:
    from sqlalchemy import event

    from helpdesk.core import clock
    from helpdesk.core.database import db

    more = [factories.make_user(f"Person {n}", department=people.finance) for n in range(30)]
    publish(people.teresa, department(people.finance))
    statements: list[str] = []
    with app.app_context():

        def note(*args: Any) -> None:
            statements.append(args[2])

        event.listen(db.engine, "before_cursor_execute", note)
        boards([people.ana.id], clock.now())
        few = len(statements)
        statements.clear()
        found = boards([u.id for u in more], clock.now())
        many = len(statements)
        statements.clear()
        boards([u.id for u in more], clock.now())
        event.remove(db.engine, "before_cursor_execute", note)
    assert all(len(b.banners) == 1 for b in found.values())
    assert many <= few
    assert len([s for s in statements if not s.startswith("BEGIN")]) == 1  # the head


def test_an_update_of_an_earlier_occurrence_is_not_news_of_the_next(people: People, clock: FixedClock) -> None:
    start = clock.now() + timedelta(hours=1)
    daily = {"recurrence": "FREQ=DAILY", "starts_at": start, "planned_end_at": start + timedelta(hours=1)}
    published = publish(people.teresa, department(people.finance), kind=Kind.maintenance, **daily)
    clock.set(start)
    act(actions.post_update, people.teresa, published.id, NewUpdate(text="It takes longer."))
    assert "It takes longer." in board(people.ana)[0]["latest_update"]["html"]
    clock.advance(days=1)
    assert board(people.ana)[0]["latest_update"] is None


def test_an_end_of_display_that_has_passed_does_not_stop_another_edit(people: People, clock: FixedClock) -> None:
    until = clock.now() + timedelta(hours=1)
    published = publish(people.teresa, department(people.finance), show_until=until)
    clock.advance(hours=2)
    act(actions.edit_published, people.teresa, published.id, {"title": "VPN is down at home"})
    assert board(people.ana) == ()
