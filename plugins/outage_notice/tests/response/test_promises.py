"""Promises as they are read from what really happened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from helpdesk.core.clock import FixedClock
from helpdesk.plugin_api import transaction
from plugins.outage_notice.announcements import actions
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.rules import NewUpdate
from plugins.outage_notice.response import queries
from plugins.outage_notice.response.models import PromisePolicy
from plugins.outage_notice.response.rules import DEFAULT_TARGETS, PromiseKind, Targets
from plugins.outage_notice.tests.announcements.conftest import Cast

MINUTE = timedelta(minutes=1)


def test_promises_follow_the_record(cast: Cast, published: Callable[..., Announcement], clock: FixedClock) -> None:
    start = clock.now()
    record = published(starts_at=start - 20 * MINUTE)
    clock.advance(minutes=40)
    later = clock.now() + 30 * MINUTE
    actions.post_update(cast.teresa, record.id, NewUpdate(text="No change.", next_update_at=later))
    clock.advance(minutes=20)
    actions.edit_published(cast.teresa, record.id, {"next_update_at": clock.now() + 30 * MINUTE})
    moved = clock.now() + 30 * MINUTE
    clock.advance(minutes=20)
    actions.resolve(cast.teresa, record.id, "It works again.")
    ended = clock.now()
    found = {(p.kind, p.due_at, p.kept_at) for p in queries.promises_kept(record.id)}
    assert found == {
        (PromiseKind.first_message, start + 10 * MINUTE, start),
        (PromiseKind.response, start + 20 * MINUTE, start),
        (PromiseKind.update, start + 30 * MINUTE, start + 40 * MINUTE),
        (PromiseKind.update, moved, ended),
        (PromiseKind.resolution, start + 460 * MINUTE, ended),
    }


def test_a_withdrawn_one_promised_nothing(cast: Cast, published: Callable[..., Announcement]) -> None:
    record = published()
    assert queries.promises_kept(record.id)
    actions.withdraw(cast.teresa, record.id)
    assert queries.promises_kept(record.id) == []
    assert queries.promises_kept(10**6) == []


def test_what_is_over_is_not_live(cast: Cast, published: Callable[..., Announcement], clock: FixedClock) -> None:
    record = published()
    assert {one.promise.kind for one in queries.live_promises(clock.now())} == {
        PromiseKind.update,
        PromiseKind.resolution,
    }
    actions.resolve(cast.teresa, record.id)
    assert queries.live_promises(clock.now()) == []


def test_the_departments_of_the_audience_may_have_agreed_on_less(
    cast: Cast, published: Callable[..., Announcement]
) -> None:
    with transaction() as session:
        row = {"severity": 2, "response_minutes": None, "resolution_minutes": None, "escalate_minutes": 5}
        session.add_all(
            [
                PromisePolicy(department_id=department.id, update_minutes=minutes, first_message_minutes=3, **row)
                for department, minutes in ((cast.rows.administration, 20), (cast.rows.sales, 1))
            ]
        )
    record = published()  # for Finance, which is below Administration
    general = DEFAULT_TARGETS[2]
    assert queries.targets_for([record])[record.id] == Targets(
        3, general.response_minutes, 20, general.resolution_minutes, 5
    )
