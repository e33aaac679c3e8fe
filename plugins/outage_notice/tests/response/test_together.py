"""Several processes that ask at the same time: one of them tells, the others find it done."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import func, select

from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db
from helpdesk.core.outbox import OutboxRow
from helpdesk.scheduling.relay import run_until_idle
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries import timeline
from plugins.outage_notice.playbooks import actions as playbooks
from plugins.outage_notice.playbooks.queries import list_playbooks
from plugins.outage_notice.response import actions
from plugins.outage_notice.tests.announcing import department, publish
from tests import factories
from tests.fixtures import People

WORKERS = 4


def at_once(app: Flask, act: Callable[[], int]) -> int:
    """The sum of what `act` gives in each of several threads, each with a connection of its own."""

    def one(_number: int) -> int:
        with app.app_context():
            try:
                return act()
            finally:
                db.session.remove()

    with ThreadPoolExecutor(WORKERS) as pool:
        return sum(pool.map(one, range(WORKERS)))


def count(prefix: str) -> int:
    found = db.session.scalar(select(func.count()).select_from(OutboxRow).where(OutboxRow.event_id.startswith(prefix)))
    return found or 0


@pytest.mark.both_databases
def test_calls_reminders_and_reviews_happen_once(app: Flask, people: People, clock: FixedClock) -> None:
    storage = factories.make_service("Archive", people.finance, owner_team_id=people.service_desk.id)
    record: Announcement = publish(people.teresa, department(people.finance), services=(storage,))
    announcement_id = record.id
    assert at_once(app, lambda: actions.begin_response(announcement_id, "published")) == 2  # Carla and Tomas
    run_until_idle(app)
    clock.advance(minutes=56)  # the owner before the update, and the three steps of "somebody has it"
    assert at_once(app, lambda: actions.pursue_promises(clock.now())) == 4
    assert at_once(app, lambda: actions.pursue_promises(clock.now())) == 0
    with app.app_context():
        playbook_id = list_playbooks(factories.viewer(people.teresa))[0].id
        changes = {"review_on": clock.now().date(), "owner_id": people.teresa.id}
        db.session.rollback()
        playbooks.change_playbook(factories.viewer(people.teresa), playbook_id, changes)
    assert at_once(app, lambda: playbooks.remind_of_reviews(clock.now())) == 1
    with app.app_context():
        assert (count("outage-call-"), count("playbook-review-")) == (2, 1)
        kinds = [entry.kind for entry in timeline(announcement_id)]
    assert (kinds.count("called"), kinds.count("reminded"), kinds.count("escalated")) == (1, 1, 1)
