"""Phases, promises, percentiles, availability and reminders, without a database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from plugins.outage_notice.announcements.rules import Effect
from plugins.outage_notice.reviews import rules
from plugins.outage_notice.reviews.rules import Moments, Outage, PhaseName

NINE = datetime(2026, 3, 12, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def at(minutes: float) -> datetime:
    return NINE + minutes * MINUTE


def lengths(moments: Moments, now: datetime = NINE) -> list[tuple[str, float]]:
    return [(p.name.value, p.length / MINUTE) for p in rules.phases_of(moments, now)]


def test_the_four_phases_follow_each_other() -> None:
    found = lengths(Moments(at(0), at(10), at(17), at(29), at(95)))
    assert found == [("notice", 10), ("tell", 7), ("find", 12), ("fix", 66)]


def test_a_moment_that_nobody_knows_is_skipped() -> None:
    assert lengths(Moments(at(0), None, at(17), None, at(95))) == [("tell", 17), ("fix", 78)]
    assert lengths(Moments(None, at(1), at(2), at(3), at(4))) == []


def test_moments_before_the_start_make_empty_phases() -> None:
    """People can be told before it begins, and the cause can be known at once."""
    assert lengths(Moments(at(0), at(-10), at(-5), at(-1), at(60))) == [
        ("notice", 0),
        ("tell", 0),
        ("find", 0),
        ("fix", 60),
    ]


def test_what_still_runs_ends_now() -> None:
    found = rules.phases_of(Moments(at(0), at(5), at(6), None, None), at(30))
    assert found[-1].name is PhaseName.fixing
    assert found[-1].end == at(30)


def test_moments_after_the_end_do_not_make_it_longer() -> None:
    phases = rules.phases_of(Moments(at(0), at(5), at(6), at(500), at(30)), at(900))
    assert sum((p.length for p in phases), timedelta()) == 30 * MINUTE


@pytest.mark.parametrize(
    ("values", "median", "p90"),
    [([], None, None), ([7], 7, 7), ([1, 2], 1.5, 2), ([3, 1, 2], 2, 3), (list(range(1, 11)), 5.5, 9)],
)
def test_percentiles(values: list[float], median: float | None, p90: float | None) -> None:
    assert rules.percentile(values, 0.5) == median
    assert rules.percentile(values, 0.9) == p90


def hours(*stretches: tuple[float, float, Effect]) -> rules.Availability:
    day = timedelta(hours=24)
    hour = timedelta(hours=1)
    outages = [Outage(NINE + a * hour, NINE + b * hour, effect) for a, b, effect in stretches]
    return rules.availability(outages, NINE, NINE + day)


def test_overlapping_outages_count_once_and_the_heaviest_counts() -> None:
    found = hours((1, 3, Effect.major_outage), (2, 4, Effect.major_outage), (2, 6, Effect.partial_outage))
    assert found.down == timedelta(hours=3 + 0.3 * 2)
    assert found.affected == timedelta(hours=5)
    assert found.share == pytest.approx(1 - 3.6 / 24)


def test_maintenance_stands_apart_and_an_outage_within_it_counts() -> None:
    found = hours((0, 4, Effect.under_maintenance), (3, 5, Effect.major_outage))
    assert (found.maintenance, found.down) == (timedelta(hours=3), timedelta(hours=2))


def test_slow_is_not_down() -> None:
    found = hours((0, 4, Effect.degraded_performance))
    assert (found.down, found.affected, found.share) == (timedelta(), timedelta(hours=4), 1.0)


def test_what_reaches_beyond_is_cut() -> None:
    assert hours((-5, 1, Effect.major_outage), (23, 40, Effect.major_outage)).down == timedelta(hours=2)
    assert hours((-5, -1, Effect.major_outage), (30, 20, Effect.major_outage)).down == timedelta()


def test_no_time_has_no_share() -> None:
    assert rules.availability([], NINE, NINE).share is None


def test_reminders_come_before_on_and_after_the_day() -> None:
    due = date(2026, 3, 20)
    first = rules.next_reminder(due, "Europe/Madrid", NINE)
    assert first == datetime(2026, 3, 18, 7, tzinfo=UTC)
    second = rules.next_reminder(due, "Europe/Madrid", first)
    assert second == datetime(2026, 3, 20, 7, tzinfo=UTC)
    third = rules.next_reminder(due, "Europe/Madrid", second)
    assert third == datetime(2026, 3, 27, 7, tzinfo=UTC)
    after_the_clocks = rules.next_reminder(due, "Europe/Madrid", third)
    assert after_the_clocks == datetime(2026, 4, 3, 6, tzinfo=UTC)


def test_reminders_after_a_long_pause_collapse_into_the_next() -> None:
    assert rules.next_reminder(date(2025, 3, 20), "nowhere", NINE) > NINE
    assert rules.next_reminder(date(2025, 3, 20), "", NINE) - NINE <= timedelta(days=7)
