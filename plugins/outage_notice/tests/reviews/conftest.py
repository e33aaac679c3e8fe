"""What tests of reviews start from: an outage of the VPN for Finance that is over, told and found in between."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from flask import Flask

from helpdesk.catalog.models import Service
from helpdesk.core.clock import FixedClock
from plugins.outage_notice.announcements import actions as announcing
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.rules import Checked, NewUpdate, Status
from plugins.outage_notice.tests.announcing import department, publish
from plugins.outage_notice.tests.pages.conftest import signed_in
from tests import factories
from tests.fixtures import People

__all__ = ["signed_in"]  # a fixture of the pages' tests, used here too

MINUTE = timedelta(minutes=1)


@pytest.fixture
def vpn(app: Flask, people: People) -> Service:
    return factories.make_service("VPN", people.town_hall)


@factories.in_app
def outage_of(
    people: People, clock: FixedClock, *services: Service, checked: Sequence[Checked] | None = None, **more: object
) -> Announcement:
    """Broken for 10 minutes before it is told, found 20 minutes later, fixed 35 minutes after that."""
    started = clock.now()
    clock.advance(minutes=10)
    target = department(people.finance)
    eta = clock.now() + 60 * MINUTE
    record = publish(people.teresa, target, services=services, starts_at=started, eta=eta, **more)
    teresa = factories.viewer(people.teresa)
    clock.advance(minutes=20)
    found = NewUpdate(text="A certificate expired.", status=Status.identified, next_update_at=clock.now() + 30 * MINUTE)
    announcing.post_update(teresa, record.id, found)
    clock.advance(minutes=35)
    return announcing.resolve(teresa, record.id, "VPN works again. We are sorry.", checked=checked)


@pytest.fixture
def outage(people: People, vpn: Service, clock: FixedClock) -> Announcement:
    return outage_of(people, clock, vpn)
