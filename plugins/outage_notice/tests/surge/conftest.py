"""What tests of surges start from: the people, a VPN, and a way to let many people write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from helpdesk.accounts.models import Department, User
from helpdesk.catalog.models import Service
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db
from helpdesk.tickets.models import Ticket
from plugins.outage_notice.outages.models import Surge
from plugins.outage_notice.tests.outages.conftest import open_ticket, settle, vpn
from plugins.outage_notice.tests.pages.conftest import fields, signed_in
from tests import factories
from tests.fixtures import People

__all__ = ["fields", "settle", "signed_in", "vpn"]  # fixtures of the outages' and the pages' tests, used here too

Crowd = Callable[..., list[Ticket]]


@pytest.fixture
def crowd(people: People, clock: FixedClock, settle: Callable[[], None]) -> Crowd:
    """Let so many people of a department write, a few seconds apart, and everything that follows happen."""
    known: dict[int, list[User]] = {}

    def write(
        count: int,
        service: Service | None = None,
        subject: str = "Gateway not reachable",
        department: Department | None = None,
        **more: Any,
    ) -> list[Ticket]:
        place = department or people.finance
        here = known.setdefault(place.id, [])
        while len(here) < count:
            name = f"Person {place.id} {len(here)}"
            here.append(factories.make_user(name, "requester", place, password=None))
        tickets = []
        for user in here[:count]:
            clock.advance(seconds=5)
            tickets.append(open_ticket(user, service, subject, **more))
        settle()
        return tickets

    return write


def surges(app: Flask) -> list[Surge]:
    with app.app_context():
        found = list(db.session.query(Surge).order_by(Surge.id))
        db.session.expunge_all()
    return found
