"""Promises as they are read from what really happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from helpdesk.core.clock import FixedClock
from helpdesk.plugin_api import transaction
from plugins.outage_notice.announcements import actions
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.rules import NewUpdate, Weight
from plugins.outage_notice.response import queries
from plugins.outage_notice.response.actions import agreeing
from plugins.outage_notice.response.models import PromisePolicy
from plugins.outage_notice.response.rules import PromiseKind, Targets
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
        (PromiseKind.update, start + 30 * MINUTE, start + 40 * MINUTE),
        (PromiseKind.update, moved, ended),
        (PromiseKind.resolution, start + 460 * MINUTE, ended),
    }


def test_promises_are_judged_by_what_held_then(
    cast: Cast, published: Callable[..., Announcement], clock: FixedClock
) -> None:
    """The room, the review and the reports all read these."""
    start = clock.now()
    eta = start + 45 * MINUTE
    record = published(severity=3, starts_at=start - 60 * MINUTE, next_update_at=start + 30 * MINUTE, eta=eta)
    clock.advance(minutes=50)
    late = clock.now() + 30 * MINUTE
    actions.edit_published(cast.teresa, record.id, {"next_update_at": late, "eta": late}, weight=Weight.silent)
    clock.advance(minutes=10)
    actions.edit_published(cast.teresa, record.id, {"severity": 1})
    clock.advance(minutes=10)
    actions.post_update(cast.teresa, record.id, NewUpdate(text="We look into it.", next_update_at=late + 30 * MINUTE))
    found = {(p.kind, p.due_at, p.kept_at) for p in queries.promises_kept(record.id)}
    assert found == {
        (PromiseKind.first_message, start + 420 * MINUTE, start),
        (PromiseKind.update, start + 30 * MINUTE, clock.now()),
        (PromiseKind.update, late, clock.now()),
        (PromiseKind.update, late + 30 * MINUTE, None),
        (PromiseKind.eta, eta, clock.now()),  # it had passed when it was changed without a word
        (PromiseKind.eta, late, None),
        (PromiseKind.resolution, start + 300 * MINUTE, None),
    }


@pytest.mark.both_databases
def test_another_policy_changes_nothing_of_what_was_published_before(
    cast: Cast, published: Callable[..., Announcement], clock: FixedClock
) -> None:
    """The room, reviews and reports judge by the policy that held; whom to tell of what is late is as agreed now."""
    finance = cast.rows.finance.id
    own, other = Targets(response_minutes=7), Targets(3, 3, 3, 3, 3)
    agreeing.change_targets(cast.adam, finance, {2: own})
    clock.advance(minutes=1)
    record, before = published(), queries.general_targets()[2]
    promises = queries.promises_kept(record.id)
    clock.advance(minutes=1)
    agreeing.change_targets(cast.adam, None, {2: other})
    clock.advance(minutes=1)
    agreeing.change_targets(cast.adam, finance, {2: Targets(update_minutes=1)})
    agreeing.drop_department(cast.adam, finance)
    assert queries.promises_kept(record.id) == promises
    assert queries.targets_for([record])[record.id] == replace(before, response_minutes=7)
    assert {one.escalate_minutes for one in queries.live_promises(clock.now())} == {3}
    later = published()
    assert queries.targets_for([later, record])[later.id] == other


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
        row = {"severity": 2, "response_minutes": None, "resolution_minutes": None, "escalate_minutes": None}
        session.add(PromisePolicy(department_id=None, **row | {"escalate_minutes": 30, "response_minutes": 20}))
        session.add_all(
            [
                PromisePolicy(department_id=department.id, update_minutes=minutes, first_message_minutes=3, **row)
                for department, minutes in ((cast.rows.administration, 20), (cast.rows.sales, 1))
            ]
        )
    record = published()  # for Finance, which is below Administration
    assert queries.targets_for([record])[record.id] == Targets(3, 20, 20, None, 30)  # what is left open is as for all
