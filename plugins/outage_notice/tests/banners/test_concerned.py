"""Whom a change can concern: nobody too few, and as few others as is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from helpdesk.accounts import actions as accounts
from helpdesk.accounts import queries as account_queries
from helpdesk.accounts.models import User
from helpdesk.core import clock, feed
from plugins.outage_notice.announcements import actions
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.audiences.rules import Target, TargetKind
from plugins.outage_notice.banners.queries import boards, concerned_people, keeping
from plugins.outage_notice.tests.announcing import EVERYONE, department, publish, requester
from tests import factories
from tests.fixtures import People


@pytest.fixture
def since(people: People) -> int:
    """Everybody's board is known as of this feed number."""
    look(people)
    factories.in_app(accounts.create_department)(
        None, "Archive", people.administration.id
    )  # what began the memory counts no more
    return look(people)


@factories.in_app
def look(people: People) -> int:
    everybody = (people.ana, people.bruno, people.carla, people.teresa, people.tomas, people.adam)
    boards([user.id for user in everybody], clock.now())
    return feed.head().seq


@factories.in_app
def concerned(since: int) -> set[int] | None:
    return concerned_people(since)


@factories.in_app
def edit(people: People, record: Announcement, *audience: Target) -> None:
    actions.edit_published(factories.viewer(people.teresa), record.id, {"audience": audience})


@factories.in_app
def move(user: User, department_id: int) -> None:
    before = account_queries.change_of(account_queries.get_user(user.id))
    accounts.change_user(None, user.id, replace(before, department_id=department_id))


def test_nothing_new_concerns_nobody(since: int) -> None:
    assert concerned(since) == set()


def test_an_audience_before_and_after_a_change(people: People, since: int) -> None:
    record = publish(people.teresa, department(people.finance))
    assert concerned(since) == {people.ana.id}
    at_publication = look(people)
    edit(people, record, department(people.sales), requester(people.adam))
    assert concerned(at_publication) == {people.ana.id, people.bruno.id, people.adam.id}
    after_edit = look(people)
    factories.in_app(actions.resolve)(factories.viewer(people.teresa), record.id, "It works again.")
    assert concerned(after_edit) == {people.bruno.id, people.adam.id}
    assert concerned(since) == {people.ana.id, people.bruno.id, people.adam.id}


def test_roles_count_as_audiences_do(people: People, since: int) -> None:
    publish(people.teresa, Target(TargetKind.role, "technician"))
    assert concerned(since) == {people.teresa.id, people.tomas.id}


def test_what_is_for_everyone_concerns_anybody(people: People, since: int) -> None:
    record = publish(people.teresa, EVERYONE)
    assert concerned(since) is None
    now_known = look(people)
    edit(people, record, department(people.finance))
    assert concerned(now_known) is None, "who loses it is concerned too"


def test_a_move_is_followed_before_the_next_announcement(people: People, since: int) -> None:
    move(people.bruno, people.finance.id)
    at_move = look(people)
    publish(people.teresa, department(people.finance))
    assert concerned(at_move) == {people.ana.id, people.bruno.id}
    factories.make_user("Iris", department=people.sales)
    without_bruno = look(people)
    publish(people.teresa, department(people.sales))
    assert concerned(without_bruno) == set(), "Iris has no page open"


def test_a_moved_department_concerns_anybody(people: People, since: int) -> None:
    factories.in_app(accounts.move_department)(None, people.finance.id, people.commerce.id)
    assert concerned(since) is None
    assert concerned(look(people)) == set()


def test_who_was_forgotten_is_not_left_out(people: People, since: int, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = factories.make_user("Iris", department=people.sales)
    monkeypatch.setattr(keeping, "PEOPLE_KEPT", 3)
    at = factories.in_app(lambda: (boards([stranger.id], clock.now()), feed.head().seq)[1])()
    publish(people.teresa, department(people.finance))
    assert concerned(at) is None, "Ana has a board on her screen, but is not known any more"


def test_what_is_too_long_ago_concerns_anybody(people: People, since: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "NOTES_KEPT", 1)
    publish(people.teresa, department(people.finance))
    look(people)
    publish(people.teresa, department(people.sales))
    look(people)
    assert concerned(since) is None
