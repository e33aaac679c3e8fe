"""Announcements of one department: however its people were chosen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from helpdesk.accounts.actions import disable_user
from helpdesk.core.clock import FixedClock
from plugins.outage_notice.announcements import queries
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries import Filters, Tab
from plugins.outage_notice.audiences.rules import Target, TargetKind
from plugins.outage_notice.tests.announcements.conftest import EVERYONE, Cast
from plugins.outage_notice.tests.announcing import department, requester, service_users
from tests import factories


@pytest.mark.both_databases
def test_a_department_finds_what_its_people_are_told(
    cast: Cast, published: Callable[..., Announcement], clock: FixedClock
) -> None:
    people = cast.rows
    gone = factories.make_user("Gone", "agent", people.sales)
    audiences = {
        "everyone": EVERYONE,
        "Finance": department(people.finance),
        "Administration": department(people.administration),
        "users of VPN": service_users(cast.vpn),  # Finance uses it
        "users of ERP": service_users(factories.make_service("ERP", people.town_hall)),
        "requesters": Target(TargetKind.role, "requester"),
        "agents": Target(TargetKind.role, "agent"),
        "Ana": requester(people.ana),
        "Carla": requester(people.carla),
    }
    for title, target in audiences.items():
        published(title=title, audience=(target,))
    published(title="Ana and one who has left", audience=(requester(people.ana), requester(gone)))
    disable_user(cast.adam, gone.id)

    def found(department_id: int) -> set[str]:
        filters = Filters(department_id=department_id)
        page = queries.list_announcements(cast.carla, Tab.now, clock.now(), filters=filters)
        return {one.record.title for one in page.items}

    for_all = {"everyone", "users of ERP", "requesters"}
    of_ana = {"Finance", "Administration", "users of VPN", "Ana", "Ana and one who has left"}
    assert found(people.sales.id) == for_all
    assert found(people.finance.id) == for_all | of_ana
    assert found(people.administration.id) == found(people.town_hall.id) == for_all | of_ana | {"agents", "Carla"}
    assert found(987654) == {"everyone"}
