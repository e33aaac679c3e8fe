"""What changing people and departments does, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from helpdesk.accounts import actions, queries
from helpdesk.accounts.rules import Role, delay_after, fold, makes_cycle, network_delay_after, wait_left
from helpdesk.core import feed
from helpdesk.core.addresses import network_of
from helpdesk.core.database import db
from helpdesk.core.errors import Conflict, Forbidden, Stale
from tests.factories import make_department, make_user, post_form, sign_in, viewer
from tests.fixtures import People


@pytest.fixture
def inside(app: Flask, people: People) -> Iterator[Flask]:
    with app.app_context():
        yield app


def test_rules() -> None:
    assert fold("José ÁÑÜ") == "jose anu"
    assert makes_cycle("/1/4/9/", 4)
    assert not makes_cycle("/1/4/9/", 3)
    assert delay_after(4).total_seconds() == 0
    assert [delay_after(n).total_seconds() for n in (5, 6, 50)] == [1, 2, 900]
    assert network_delay_after(99).total_seconds() == 0
    assert network_delay_after(1000).total_seconds() == 60
    assert network_of("2001:db8:1:2:3::9") == "2001:db8:1:2::/64"
    assert network_of("::ffff:192.0.2.7") == "192.0.2.7"
    assert network_of(None) == "unknown"


def test_a_clock_that_was_set_back_keeps_nobody_waiting() -> None:
    now, delay, none = datetime(2026, 3, 12, 9, tzinfo=UTC), timedelta(minutes=15), timedelta()
    assert wait_left(now - timedelta(minutes=5), delay, now) == timedelta(minutes=10)
    assert wait_left(now + timedelta(seconds=2), delay, now) == delay + timedelta(seconds=2)  # another machine's clock
    assert wait_left(now - delay, delay, now) == none
    assert wait_left(now + timedelta(hours=2), delay, now) == none
    assert wait_left(now + timedelta(seconds=2), none, now) == none


def test_moving_a_department_moves_everything_below(inside: Flask, people: People) -> None:
    archive = make_department("Archive", people.finance)
    before, old = feed.head().seq, queries.get_user(people.ana.id).authz_version
    actions.move_department(None, people.finance.id, people.commerce.id)
    path = (people.town_hall.id, people.commerce.id, people.finance.id, archive.id)
    assert queries.department_path(archive.id) == path
    assert queries.descendant_ids(people.commerce.id) == {*path[1:], people.sales.id}
    assert queries.descendant_ids(people.administration.id) == {people.administration.id}
    assert queries.viewers([people.ana.id])[people.ana.id].department_path == path[:3]
    assert "departments" in {change.topic for change in feed.changes_since(before) or ()}
    assert queries.get_user(people.ana.id).authz_version > old
    assert queries.get_user(people.bruno.id).authz_version < before  # not touched


def test_the_tree_is_listed_from_the_top(inside: Flask, people: People) -> None:
    names = [row.name for row in queries.departments()]
    assert names == ["Town hall", "Administration", "Finance", "Commerce", "Sales"]


def test_the_last_administrator_stays(inside: Flask, people: People) -> None:
    change = replace(queries.change_of(queries.get_user(people.adam.id)), role=Role.agent)
    with pytest.raises(Conflict):
        actions.change_user(None, people.adam.id, change)
    with pytest.raises(Conflict):
        actions.disable_user(None, people.adam.id)
    eva = make_user("Eva", "administrator")
    with pytest.raises(Conflict):  # oneself by accident
        actions.change_user(viewer(people.adam), people.adam.id, change)
    assert actions.change_user(viewer(eva), people.adam.id, change).role == Role.agent


def test_changing_a_person_is_for_administrators_and_raises_the_version(inside: Flask, people: People) -> None:
    change = replace(queries.change_of(queries.get_user(people.ana.id)), department_id=people.sales.id)
    with pytest.raises(Forbidden):
        actions.change_user(viewer(people.teresa), people.ana.id, change)
    before = feed.head().seq
    user = actions.change_user(viewer(people.adam), people.ana.id, change)
    assert (user.revision, user.authz_version) == (2, before + 1)
    assert viewer(people.ana).department_path[-1] == people.sales.id
    with pytest.raises(Stale) as stale:
        actions.change_user(viewer(people.adam), people.ana.id, change)
    assert stale.value.current["department_id"] == people.sales.id


def test_viewers_take_one_query(inside: Flask, people: People) -> None:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        found = queries.viewers([people.ana.id, people.bruno.id, people.adam.id, 99999])
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert sorted(v.name for v in found.values()) == ["Adam", "Ana", "Bruno"]
    assert len([s for s in statements if s.startswith("SELECT")]) == 1


def test_people_are_found_by_branch_role_and_state(inside: Flask, people: People) -> None:
    def names(**wanted: object) -> list[str]:
        filter_ = queries.PeopleFilter(**wanted)  # type: ignore[arg-type]
        return [user.name for user in queries.list_people(viewer(people.adam), filter_, 50)[0]]

    assert names(department_id=people.commerce.id) == ["Bruno"]
    assert names(role=Role.technician) == ["Teresa", "Tomas"]
    assert names(text="TE") == ["Teresa"]
    actions.disable_user(None, people.ana.id)
    assert names(is_disabled=True) == ["Ana"]
    assert queries.viewers([people.ana.id]) == {}
    with pytest.raises(Forbidden):
        queries.list_people(viewer(people.bruno), queries.PeopleFilter(), 50)


def test_two_administrators_lose_nothing(client: FlaskClient, people: People) -> None:
    sign_in(client, people.adam)
    path = f"/admin/people/{people.ana.id}"
    form = {"email": "ana@helpdesk.example", "role": "requester", "department_id": people.finance.id, "team_id": "",
            "locale": "", "time_zone": "", "revision": "1"}  # fmt: skip
    assert post_form(client, path, form | {"name": "Ana Garcia"}).status_code == 302
    stale = post_form(client, path, form | {"name": "Ana Lopez"})
    page = stale.get_data(as_text=True)
    assert stale.status_code == 412
    assert "Ana Garcia" in page
    assert 'value="Ana Lopez"' in page


def test_the_people_page_keeps_its_filter_over_pages(client: FlaskClient, people: People) -> None:
    for number in range(55):
        make_user(f"Person {number:02}", password=None)
    sign_in(client, people.adam)
    page = client.get("/admin/people?q=person&_external=1&endpoint=x").get_data(as_text=True)
    assert "Person 49" in page
    assert "Person 50" not in page
    (address,) = {part.split('"')[0] for part in page.split('href="') if "cursor=" in part.split('"')[0]}
    second = client.get(address.replace("&amp;", "&")).get_data(as_text=True)
    assert "Person 54" in second
    assert "Person 49" not in second
