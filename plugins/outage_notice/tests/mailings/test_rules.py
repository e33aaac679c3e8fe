"""When a mailing is still true, and what those who got it must be told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.rules import CORRECT_ETA, Kind, Status, Weight
from plugins.outage_notice.mailings.rules import (
    MailKind,
    Now,
    Said,
    is_over,
    is_wrong,
    said_at,
    wants_correction,
    what_now,
)

NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TODAY, TOMORROW = "2026-03-12", "2026-03-13"


def work(**values: Any) -> Announcement:
    """A maintenance that starts in an hour and takes two."""
    defaults = {
        "kind": Kind.maintenance,
        "status": Status.scheduled,
        "published_at": NOW - DAY,
        "starts_at": NOW + HOUR,
        "planned_end_at": NOW + 3 * HOUR,
        "ends_by_itself": False,
        "time_zone": "UTC",
        "recurrence": None,
    }
    return Announcement(**(defaults | values))


@pytest.mark.parametrize(
    ("told", "present", "expected"),
    [
        (Said(), Said(NOW, NOW), False),
        (Said(NOW, NOW + HOUR), Said(NOW, NOW + HOUR), False),
        (Said(NOW, None), Said(NOW + HOUR, None), True),
        (Said(NOW, NOW + HOUR), Said(None, NOW + HOUR), False),  # it has begun
        (Said(None, NOW), Said(None, NOW + HOUR), True),
        (Said(None, NOW), Said(), True),  # there is no estimate any more
        (Said(NOW, None), Said(NOW, NOW + HOUR), False),  # nothing had been promised
    ],
)
def test_what_must_be_corrected(told: Said, present: Said, expected: bool) -> None:
    assert is_wrong(told, present) is expected


def test_what_a_mail_promises() -> None:
    assert said_at(work(), NOW) == Said(NOW + HOUR, NOW + 3 * HOUR)
    assert said_at(work(eta=NOW + 5 * HOUR), NOW + 2 * HOUR) == Said(None, NOW + 5 * HOUR)
    assert said_at(work(kind=Kind.incident, starts_at=NOW, planned_end_at=NOW + DAY), NOW) == Said()
    again = work(recurrence="FREQ=DAILY")
    assert said_at(again, NOW + 4 * HOUR) == Said(NOW + DAY + HOUR, NOW + DAY + 3 * HOUR)


@pytest.mark.parametrize(
    ("weight", "what", "also", "expected"),
    [
        (Weight.update, ("starts_at",), (), True),
        (Weight.silent, ("starts_at",), (), False),
        (Weight.update, ("title",), (), False),
        (Weight.update, ("eta",), (CORRECT_ETA,), True),
        (Weight.update, ("eta",), (), False),  # whoever wrote it did not want that
    ],
)
def test_which_changes_correct(weight: Weight, what: tuple[str, ...], also: tuple[str, ...], expected: bool) -> None:
    assert wants_correction(weight, what, also) is expected


def test_what_becomes_of_a_mailing() -> None:
    over = {"status": Status.completed, "closed_at": NOW}
    held, gone = work(**over, undo_until=NOW + HOUR), work(**over)
    cases = [
        (work(), MailKind.planned, "", Now.go),
        (held, MailKind.planned, "", Now.wait),
        (gone, MailKind.planned, "", Now.stop),
        (gone, MailKind.over, "", Now.go),
        (work(), MailKind.over, "", Now.stop),  # open again
        (work(status=Status.cancelled), MailKind.called_off, "", Now.go),
        (work(recurrence="FREQ=DAILY"), MailKind.planned, TODAY, Now.go),
        (work(recurrence="FREQ=DAILY"), MailKind.planned, TOMORROW, Now.stop),
        (work(recurrence="FREQ=DAILY"), MailKind.over, "2026-03-11", Now.go),
    ]
    for record, kind, occurrence_on, expected in cases:
        assert what_now(record, kind, occurrence_on, NOW) is expected, (record.status, kind, occurrence_on)


def test_when_it_is_over() -> None:
    daily = work(recurrence="FREQ=DAILY")
    assert not is_over(work(), "", None, NOW)
    assert is_over(work(status=Status.completed), "", None, NOW)
    assert not is_over(work(status=Status.completed, undo_until=NOW + HOUR), "", None, NOW)
    assert is_over(work(status=Status.withdrawn), "", None, NOW)
    assert not is_over(daily, TODAY, NOW + 3 * HOUR, NOW)
    assert is_over(daily, TODAY, NOW + 3 * HOUR, NOW + 3 * HOUR)
    assert not is_over(daily, "2026-03-10", NOW + DAY, NOW)  # the days were moved: it has not taken place
