"""Boards of many people at once are the very boards that each of them gets alone."""

from __future__ import annotations

from helpdesk.accounts.models import User
from helpdesk.core import clock
from helpdesk.core.database import db, transaction
from helpdesk.hooks.specs import Board
from plugins.outage_notice.audiences.rules import Target, TargetKind
from plugins.outage_notice.banners.actions import record_receipt
from plugins.outage_notice.banners.queries import boards
from plugins.outage_notice.banners.queries.boards import BoardKeeper
from plugins.outage_notice.banners.rules import What
from plugins.outage_notice.tests.announcing import EVERYONE, department, publish, requester, service_users
from tests import factories
from tests.fixtures import People


@factories.in_app
def together(*users: User) -> dict[int, Board]:
    return boards([user.id for user in users], clock.now())


@factories.in_app
def alone(user: User) -> Board:
    return BoardKeeper().boards([user.id], clock.now())[user.id]


@factories.in_app
def hide(user: User, announcement_id: int) -> None:
    version = alone(user).banners[0]["version"]
    record_receipt(factories.viewer(user), announcement_id, version, What.hidden)


@factories.in_app
def touch(user: User, seq: int) -> None:
    """As a move between departments leaves it: what is older than this was not for the person."""
    with transaction():
        db.session.get_one(User, user.id).authz_version = seq


def test_each_of_many_gets_what_they_would_get_alone(people: People) -> None:
    payroll = factories.make_service("Payroll", people.finance)
    one_by_one = [
        factories.make_user("Inés", department=people.finance, locale="es"),
        factories.make_user("Iris", department=people.finance),
        factories.make_user("Igor", department=people.finance),
        factories.make_user("Ivan", department=people.finance),
        factories.make_user("Nora"),
    ]
    to_everyone = publish(people.teresa, EVERYONE, severity=3)
    publish(people.teresa, department(people.administration))
    publish(people.teresa, requester(people.bruno), requester(one_by_one[1]))
    publish(people.teresa, Target(TargetKind.role, "technician"))
    publish(people.teresa, service_users(payroll))
    hide(one_by_one[2], to_everyone.id)
    touch(one_by_one[3], 10**6)
    everybody = [people.ana, people.bruno, people.carla, people.teresa, people.tomas, people.adam, *one_by_one]

    found = together(*everybody)

    assert {user.name: found[user.id] for user in everybody} == {user.name: alone(user) for user in everybody}
    ana = found[people.ana.id]
    assert [len(found[user.id].banners) for user in (people.ana, people.bruno, people.tomas)] == [3, 2, 3]
    assert all(found[user.id].tag != ana.tag for user in one_by_one[1:])


def test_people_in_the_same_situation_share_one_board(people: People) -> None:
    others = [factories.make_user(f"Finance {n}", department=people.finance) for n in range(3)]
    publish(people.teresa, department(people.finance))
    found = together(people.ana, *others, people.bruno)
    assert len({id(found[user.id]) for user in (people.ana, *others)}) == 1
    assert found[people.bruno.id].banners == ()
