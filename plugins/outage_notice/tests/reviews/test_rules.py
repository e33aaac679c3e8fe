"""Phases, promises, percentiles, availability and reminders, without a database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from plugins.outage_notice.announcements.rules import Effect
from plugins.outage_notice.reviews import rules
from plugins.outage_notice.reviews.rules import Moments, Outage, PhaseName
from plugins.outage_notice.reviews.rules.stretches import (
    Turn,
    TurnKind,
    effects_over_time,
    outages_of,
    stretches_of,
    time_on,
)

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


def end(minutes: float) -> Turn:
    return Turn(at(minutes), TurnKind.ended)


def again(minutes: float) -> Turn:
    return Turn(at(minutes), TurnKind.reopened)


def on(turns: list[Turn], ended: float | None, until: float = 2000) -> list[tuple[float, float]]:
    found = stretches_of(at(0), None if ended is None else at(ended), turns, at(until))
    return [((a - NINE) / MINUTE, (b - NINE) / MINUTE) for a, b in found]


def test_what_ended_and_was_reopened_was_off_in_between() -> None:
    """An hour down, 23 hours fine, half an hour down: 90 minutes, not 24 hours and a half."""
    assert on([end(60), again(1440), end(1470)], 1470) == [(0, 60), (1440, 1470)]
    assert time_on(stretches_of(at(0), at(1470), [end(60), again(1440), end(1470)], at(2000))) == 90 * MINUTE
    assert on([end(60), again(1440)], None) == [(0, 60), (1440, 2000)]
    undone = Turn(at(61), TurnKind.undone)
    assert on([end(60), undone, end(90)], 90) == [(0, 90)]
    assert on([end(60), again(100), end(110), undone], None) == [(0, 60), (100, 2000)]
    # The record knows better when it ended last, and stands alone where the timeline does not tell.
    assert on([end(60)], 55) == [(0, 55)]
    assert on([], 65) == [(0, 65)]
    assert on([end(60)], None) == [(0, 2000)]
    assert on([again(5)], None) == [(0, 2000)]
    assert on([end(-10)], -10) == [(0, 0)]
    assert stretches_of(None, at(5), [], at(9)) == ()


def test_an_effect_counts_from_when_it_was_said() -> None:
    """Two hours of a major outage that became a slow service before it ended: two hours down."""
    vpn, mail = 1, 2
    major, slow = {vpn: Effect.major_outage}, {vpn: Effect.degraded_performance}
    said = Turn(at(10), TurnKind.changed, major)
    edited = Turn(at(120), TurnKind.changed, slow, major)

    def down(turns: list[Turn], *stretches: tuple[float, float], service: int = vpn) -> float:
        effects = effects_over_time(turns, slow)
        found = outages_of([(at(a), at(b)) for a, b in stretches], effects)
        return rules.availability(found.get(service, []), at(0), at(1440)).down / MINUTE

    assert down([said, edited], (0, 150)) == 120
    assert down([edited], (0, 150)) == 120  # published before publications kept their effects
    assert down([], (0, 150)) == 0  # and with no entry at all: as the record says
    assert down([Turn(at(10), TurnKind.changed)], (0, 150)) == 0
    assert down([said, edited], (0, 60), (100, 150)) == 60 + 20
    assert down([said, edited], (130, 150)) == 0
    # Added after half an hour, and taken off again.
    more = {**major, mail: Effect.partial_outage}
    turns = [said, Turn(at(30), TurnKind.changed, more, major), Turn(at(50), TurnKind.changed, major, more)]
    assert down(turns, (0, 150), service=mail) == pytest.approx(0.3 * 20)
    assert down(turns, (0, 150)) == 150


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
