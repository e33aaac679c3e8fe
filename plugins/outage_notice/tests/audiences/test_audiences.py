"""Who is in an audience: decided alone, and by the database; and what a technician may address."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select, update

from helpdesk.accounts.models import User
from helpdesk.accounts.queries import get_user, viewer_of
from helpdesk.core.database import db, transaction
from plugins.outage_notice.audiences import queries
from plugins.outage_notice.audiences.rules import ROLE_NAMES, Target, TargetKind, ViewerFacts, is_well_formed, matches
from tests import factories
from tests.databases import START
from tests.fixtures import People

FACTS = ViewerFacts(7, "requester", (1, 4, 9), frozenset({3}))


@pytest.mark.parametrize(
    ("kind", "id", "expected"),
    [
        ("everyone", None, True),
        ("everyone", "1", False),
        ("department", "9", True),
        ("department", "1", True),
        ("department", "91", False),
        ("department", None, False),
        ("department", "x", False),
        ("department", "٩", False),
        ("requester", "7", True),
        ("requester", "8", False),
        ("service_users", "3", True),
        ("service_users", "4", False),
        ("role", "requester", True),
        ("role", "technician", False),
        ("role", "boss", False),
    ],
)
def test_one_target(kind: str, id: str | None, expected: bool) -> None:
    assert matches([Target(TargetKind(kind), id)], FACTS) is expected


def test_an_empty_audience_is_nobody_and_disabled_people_are_never_in() -> None:
    assert not matches([], FACTS)
    disabled = ViewerFacts(7, "requester", (1,), is_disabled=True)
    assert not matches([Target(TargetKind.everyone)], disabled)


def test_the_database_finds_the_same_people(app: Flask, people: People) -> None:
    vpn = factories.make_service("VPN", people.administration)
    targets = [
        Target(TargetKind.everyone),
        Target(TargetKind.department, str(people.administration.id)),
        Target(TargetKind.department, str(people.sales.id)),
        Target(TargetKind.requester, str(people.bruno.id)),
        Target(TargetKind.service_users, str(vpn.id)),
        Target(TargetKind.role, "technician"),
        Target(TargetKind.department, "999"),
        Target(TargetKind.role, "boss"),
    ]
    with app.app_context():
        everybody = {u.id: queries.facts_of(viewer_of(u)) for u in db.session.scalars(select(User)).all()}
        for audience in ([], *([t] for t in targets), targets[1:4], targets[2:6]):
            found = set(db.session.scalars(select(User.id).where(queries.audience_condition(audience))))
            assert found == {i for i, facts in everybody.items() if matches(audience, facts)}, audience
        assert queries.count_people([]) == 0


def test_a_technician_addresses_the_own_branch(app: Flask, people: People) -> None:
    other = factories.make_department("Other body")
    dan = factories.make_user("Dan", "requester", other)
    local, shared = (
        factories.make_service("Local", people.finance),
        factories.make_service("Shared", people.finance, other),
    )
    central = factories.make_user("Cora", "technician", people.town_hall)
    free = factories.make_user("Fred", "technician", None)
    allowed = [
        Target(TargetKind.department, str(people.town_hall.id)),
        Target(TargetKind.requester, str(people.bruno.id)),
        Target(TargetKind.service_users, str(local.id)),
    ]
    refused = [
        Target(TargetKind.everyone),
        Target(TargetKind.role, "agent"),
        Target(TargetKind.department, str(other.id)),
        Target(TargetKind.requester, str(dan.id)),
        Target(TargetKind.service_users, str(shared.id)),
    ]
    with app.app_context():
        viewers = {u.name: viewer_of(get_user(u.id)) for u in (people.teresa, people.adam, central, free)}
        assert queries.targets_beyond_reach(viewers["Teresa"], allowed + refused) == refused
        for name in ("Adam", "Cora", "Fred"):
            assert queries.targets_beyond_reach(viewers[name], allowed + refused) == []
        offered = {o.name for o in queries.search_targets(viewers["Teresa"], "other")}
        assert offered == set()
        assert {o.name for o in queries.search_targets(viewers["Adam"], "other")} == {"Other body"}


def test_options_count_whole_branches(app: Flask, people: People) -> None:
    with app.app_context():
        adam = viewer_of(get_user(people.adam.id))
        counts = {o.name: o.people for o in queries.department_options(adam)}
    assert counts == {"Town hall": 6, "Administration": 5, "Finance": 1, "Commerce": 1, "Sales": 1}


@pytest.mark.parametrize("text", ["%", "_", "\\", "'; drop table user; --", "é" * 100])
def test_odd_searches_find_nothing(app: Flask, people: People, text: str) -> None:
    with app.app_context():
        assert queries.search_targets(viewer_of(get_user(people.adam.id)), text) == []


def test_huge_ids_are_not_well_formed() -> None:
    assert not is_well_formed(Target(TargetKind.requester, "9" * 19))


def test_the_forecast_of_everybody_is_that_of_each_of_them(app: Flask, people: People) -> None:
    factories.make_user("Iris", email=None, department=people.finance)
    factories.make_user("Ivan", email=None)
    archive = factories.make_department("Archive")  # of which only disabled people are left
    gone = [
        factories.make_user("Gerd", department=people.finance),
        factories.make_user("Gus", email=None, department=archive),
        factories.make_user("Gina", email=None),
    ]
    with app.app_context():
        with transaction() as session:
            session.execute(update(User).where(User.id.in_([user.id for user in gone])).values(disabled_at=START))
        adam = viewer_of(get_user(people.adam.id))
        everybody = queries.forecast(adam, [Target(TargetKind.everyone)])
        assert everybody == queries.forecast(adam, [Target(TargetKind.role, role) for role in ROLE_NAMES])
        enabled = [user for user in db.session.scalars(select(User)) if user.disabled_at is None]
    assert (everybody.people, everybody.total) == (len(enabled), len(enabled))
    assert everybody.without_email == 2
