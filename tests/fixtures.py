"""The people of the tests: who they are, written once.

Ana (requester, Finance), Bruno (requester, Sales), Carla (agent), Teresa and Tomas (technicians), Adam (administrator).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from helpdesk.accounts.models import Department, Team, User
from tests import factories


@dataclass(frozen=True)
class People:
    """Town hall > Administration > Finance, and Town hall > Commerce > Sales, with the people in them."""

    town_hall: Department
    administration: Department
    finance: Department
    commerce: Department
    sales: Department
    service_desk: Team
    ana: User
    bruno: User
    carla: User
    teresa: User
    tomas: User
    adam: User


@pytest.fixture(autouse=True)
def _present_app(request: pytest.FixtureRequest) -> Iterator[None]:
    if "app" not in request.fixturenames:
        yield
        return
    with factories.present_app(request.getfixturevalue("app")):
        yield


def make_people() -> People:
    """Everybody, with the password `factories.PASSWORD`, in the present application of `factories`."""
    town_hall = factories.make_department("Town hall")
    administration = factories.make_department("Administration", town_hall)
    finance = factories.make_department("Finance", administration)
    commerce = factories.make_department("Commerce", town_hall)
    sales = factories.make_department("Sales", commerce)
    desk = factories.make_team("Service desk")
    make = factories.make_user
    return People(
        town_hall,
        administration,
        finance,
        commerce,
        sales,
        desk,
        ana=make("Ana", "requester", finance),
        bruno=make("Bruno", "requester", sales),
        carla=make("Carla", "agent", administration, team_id=desk.id),
        teresa=make("Teresa", "technician", administration, team_id=desk.id),
        tomas=make("Tomas", "technician", administration, team_id=desk.id),
        adam=make("Adam", "administrator", administration),
    )
