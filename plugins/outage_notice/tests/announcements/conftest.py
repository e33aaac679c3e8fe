"""What tests of announcements start from: people, services, and functions that make announcements."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from helpdesk.accounts.queries import get_user, viewer_of
from helpdesk.catalog.models import Service
from helpdesk.core.clock import FixedClock
from helpdesk.hooks.specs import Viewer
from plugins.outage_notice.announcements import actions
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.rules import Draft, Effect, Kind, ServiceEffect
from plugins.outage_notice.audiences.rules import Target, TargetKind
from tests import factories
from tests.fixtures import People

EVERYONE = Target(TargetKind.everyone)


@dataclass(frozen=True)
class Cast:
    """The people as actions know them, and the VPN that Finance uses."""

    ana: Viewer
    bruno: Viewer
    carla: Viewer
    teresa: Viewer
    tomas: Viewer
    adam: Viewer
    vpn: Service
    rows: People


@pytest.fixture
def cast(app: Flask, people: People) -> Iterator[Cast]:
    names = ("ana", "bruno", "carla", "teresa", "tomas", "adam")
    vpn = factories.make_service("VPN", people.finance)
    with app.app_context():
        viewers = {name: viewer_of(get_user(getattr(people, name).id)) for name in names}
        yield Cast(**viewers, vpn=vpn, rows=people)


@pytest.fixture
def draft(cast: Cast, clock: FixedClock) -> Callable[..., Draft]:
    """A draft that may be published as it is: an incident for Finance."""

    def make(**changes: Any) -> Draft:
        values: dict[str, Any] = {
            "title": "VPN is down for everyone working outside the office",
            "description": "You can't sign in to the VPN.",
            "workaround": "Use the web mail.",
            "services": (ServiceEffect(cast.vpn.id, Effect.major_outage),),
            "audience": (Target(TargetKind.department, str(cast.rows.finance.id)),),
            "next_update_at": clock.now() + timedelta(minutes=30),
        }
        return Draft(**(values | changes))

    return make


@pytest.fixture
def published(cast: Cast, draft: Callable[..., Draft]) -> Callable[..., Announcement]:
    """Publishes one for Finance, by Teresa. `confirmed_people` goes to `publish`, the rest into the draft."""

    def make(confirmed_people: int | None = None, **changes: Any) -> Announcement:
        record = actions.create_draft(cast.teresa, draft(**changes))
        return actions.publish(cast.teresa, record.id, confirmed_people=confirmed_people)

    return make


@pytest.fixture
def maintenance(published: Callable[..., Announcement], clock: FixedClock) -> Callable[..., Announcement]:
    """A published maintenance from 20:00 to 22:00 UTC today, shown from 19:00 on."""

    def make(**changes: Any) -> Announcement:
        today = clock.now().replace(hour=0, minute=0)
        values: dict[str, Any] = {
            "kind": Kind.maintenance,
            "title": "ERP is unavailable tonight",
            "show_from": today + timedelta(hours=19),
            "starts_at": today + timedelta(hours=20),
            "planned_end_at": today + timedelta(hours=22),
            "next_update_at": None,
        }
        return published(**(values | changes))

    return make
