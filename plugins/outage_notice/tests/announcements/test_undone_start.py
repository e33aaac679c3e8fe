"""A maintenance that was completed before its planned start, by mistake: after the undo it starts as planned."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from helpdesk.core.clock import FixedClock
from helpdesk.plugin_api import db
from plugins.outage_notice.announcements import actions
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries import get_announcement, timeline
from plugins.outage_notice.announcements.rules import Status
from plugins.outage_notice.tests.announcements.conftest import Cast


@pytest.mark.parametrize("minutes_to_undo", [1, 0], ids=["undone before the start", "undone after the start"])
def test_a_start_is_written_down_once_after_an_undo(
    cast: Cast, maintenance: Callable[..., Announcement], clock: FixedClock, minutes_to_undo: int
) -> None:
    record = maintenance()
    assert record.starts_at is not None
    clock.set(record.starts_at)
    clock.advance(seconds=-90)
    actions.fire_due_steps(clock.now())
    actions.resolve(cast.teresa, record.id)
    clock.set(record.starts_at)
    clock.advance(seconds=10 - 60 * minutes_to_undo)
    actions.undo_resolve(cast.teresa, record.id)
    clock.set(record.starts_at)
    clock.advance(seconds=20)
    actions.fire_due_steps(clock.now())
    actions.fire_due_steps(clock.now())
    db.session.rollback()
    found = get_announcement(cast.teresa, record.id)
    assert (found.status, found.actual_start_at) == (Status.in_progress, record.starts_at)
    assert [entry.kind for entry in timeline(record.id)].count("started") == 1
