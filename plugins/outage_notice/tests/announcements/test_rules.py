"""Phase, window, status, levels and times: decided from the record and a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from plugins.outage_notice.announcements import rules
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.rules import BadTime, Draft, Effect, Kind, Phase, Severity, Status, Weight

NOW = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def record(**values: Any) -> Announcement:
    defaults: dict[str, Any] = {
        "kind": Kind.incident,
        "status": Status.investigating,
        "published_at": NOW - HOUR,
        "ends_by_itself": False,
        "time_zone": "UTC",
        "recurrence": None,
    }
    return Announcement(**(defaults | values))


PHASES: list[tuple[dict[str, Any], Phase, bool]] = [
    ({"status": Status.draft, "published_at": None}, Phase.draft, False),
    ({"status": Status.draft, "published_at": None, "starts_at": NOW - HOUR}, Phase.draft, False),
    ({}, Phase.active, True),
    ({"status": Status.monitoring}, Phase.active, True),
    ({"status": Status.resolved}, Phase.over, False),
    ({"status": Status.cancelled}, Phase.cancelled, False),
    ({"status": Status.withdrawn}, Phase.cancelled, False),
    ({"show_from": NOW + HOUR}, Phase.upcoming, False),
    ({"show_from": NOW}, Phase.active, True),
    ({"show_until": NOW}, Phase.active, False),
    ({"show_until": NOW + HOUR}, Phase.active, True),
    ({"starts_at": NOW + HOUR}, Phase.upcoming, True),
    ({"starts_at": NOW + HOUR, "actual_start_at": NOW - HOUR}, Phase.active, True),
    ({"starts_at": NOW}, Phase.active, True),
    ({"planned_end_at": NOW - HOUR}, Phase.active, True),
    ({"planned_end_at": NOW, "ends_by_itself": True}, Phase.over, False),
    ({"planned_end_at": NOW + HOUR, "ends_by_itself": True}, Phase.active, True),
    ({"kind": Kind.information, "status": Status.active, "show_until": NOW}, Phase.over, False),
    ({"kind": Kind.information, "status": Status.active}, Phase.active, True),
    ({"kind": Kind.maintenance, "status": Status.scheduled, "starts_at": NOW + HOUR}, Phase.upcoming, True),
    ({"kind": Kind.maintenance, "status": Status.completed, "starts_at": NOW - HOUR}, Phase.over, False),
]


CRITICAL_WORK = {"kind": Kind.maintenance, "severity": 1, "status": Status.scheduled, "starts_at": NOW + HOUR}
QUARTER = timedelta(minutes=15)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, NOW + 3 * QUARTER),
        ({"severity": 2}, None),
        ({"kind": Kind.incident}, None),
        ({"starts_at": None}, None),
        ({"published_at": NOW + 3 * QUARTER}, None),
        ({"show_from": NOW + 3 * QUARTER}, None),
        ({"show_from": NOW + 2 * QUARTER}, NOW + 3 * QUARTER),
        ({"recurrence": "FREQ=DAILY", "planned_end_at": NOW + 2 * HOUR}, None),  # shown from its start
        (
            {"recurrence": "FREQ=DAILY", "show_from": NOW, "planned_end_at": NOW + 2 * HOUR},
            NOW + 3 * QUARTER,
        ),
    ],
)
def test_when_a_critical_maintenance_returns(values: dict[str, Any], expected: datetime | None) -> None:
    one = record(**(CRITICAL_WORK | values))
    times = rules.times_of(one, NOW, one.published_at)
    assert [time.at for time in times if not time.is_unseen] == [at for at in (expected,) if at is not None]


@pytest.mark.parametrize(("values", "phase", "is_shown"), PHASES)
def test_phase_and_window(values: dict[str, Any], phase: Phase, is_shown: bool) -> None:
    one = record(**values)
    assert (rules.phase(one, NOW), rules.window(one, NOW).is_shown) == (phase, is_shown)


@pytest.mark.parametrize("values", [values for values, _phase, _shown in PHASES])
def test_nothing_changes_before_the_next_change(values: dict[str, Any]) -> None:
    one = record(**values)

    def truth(moment: datetime) -> tuple[object, ...]:
        return rules.phase(one, moment), rules.effective_status(one, moment), rules.window(one, moment).is_shown

    change = rules.next_change_at(one, NOW)
    probes = [NOW + timedelta(minutes=m) for m in (1, 30, 59, 60, 61, 600)]
    if change is None:
        assert {truth(p) for p in probes} == {truth(NOW)}
    else:
        assert truth(change - timedelta(seconds=1)) == truth(NOW)
        assert all(truth(p) == truth(NOW) for p in probes if p < change)


@pytest.mark.parametrize(
    ("kind", "before", "allowed"),
    [
        (Kind.incident, Status.investigating, {"investigating", "identified", "monitoring"}),
        (Kind.incident, Status.monitoring, {"investigating", "identified", "monitoring"}),
        (Kind.incident, Status.resolved, set()),
        (Kind.maintenance, Status.scheduled, {"scheduled", "in_progress", "verifying"}),
        (Kind.maintenance, Status.in_progress, {"in_progress", "verifying"}),
        (Kind.maintenance, Status.verifying, {"in_progress", "verifying"}),
        (Kind.information, Status.active, {"active"}),
        (Kind.information, Status.ended, set()),
    ],
)
def test_what_an_update_may_say(kind: Kind, before: Status, allowed: set[str]) -> None:
    assert {after.value for after in Status if rules.may_post_status(kind, before, after)} == allowed


def test_an_upcoming_one_was_never_shown() -> None:
    one = record(show_from=NOW + HOUR, status=Status.cancelled)
    assert not rules.was_shown(one, NOW, NOW + 5 * HOUR)
    assert rules.was_shown(one, NOW + 2 * HOUR, NOW + 5 * HOUR)
    assert not rules.was_shown(record(status=Status.draft, published_at=None), None, NOW)


@pytest.mark.parametrize(
    ("kind", "severity", "must_confirm", "allowed"),
    [
        (Kind.incident, 1, False, True),
        (Kind.information, 1, True, False),
        (Kind.information, 2, False, False),
        (Kind.information, 3, False, True),
        (Kind.maintenance, 1, False, False),
        (Kind.maintenance, 1, True, True),
        (Kind.maintenance, 2, False, True),
        (Kind.incident, 0, False, False),
        (Kind.incident, 5, False, False),
    ],
)
def test_levels_by_kind(kind: Kind, severity: int, must_confirm: bool, allowed: bool) -> None:
    assert rules.severity_allowed(kind, severity, must_confirm) is allowed


@pytest.mark.parametrize(
    ("people", "effects", "total", "level"),
    [
        (0, [Effect.major_outage], 1000, 4),
        (5, [Effect.major_outage], 1000, 3),
        (50, [Effect.major_outage], 1000, 2),
        (300, [Effect.major_outage], 100_000, 1),
        (60, [Effect.major_outage], 100, 1),
        (300, [Effect.partial_outage], 1000, 2),
        (50, [Effect.partial_outage], 1000, 3),
        (50, [Effect.degraded_performance], 1000, 3),
        (5, [Effect.degraded_performance], 1000, 4),
        (50, [Effect.degraded_performance, Effect.major_outage], 1000, 2),
        (50, [], 1000, 4),
    ],
)
def test_the_suggested_level(people: int, effects: list[Effect], total: int, level: int) -> None:
    assert rules.suggest_severity(people, effects, total) == level


@pytest.mark.parametrize(
    ("before", "after", "weight"),
    [
        (Draft(severity=2), Draft(severity=1), Weight.alert_again),
        (Draft(severity=2), Draft(severity=3), Weight.update),
        (Draft(severity=2, eta=NOW), Draft(severity=2, eta=NOW + HOUR), Weight.alert_again),
        (Draft(severity=3, eta=NOW), Draft(severity=3, eta=NOW + HOUR), Weight.update),
        (Draft(severity=1, eta=NOW + HOUR), Draft(severity=1, eta=NOW), Weight.update),
        (Draft(severity=1, eta=None), Draft(severity=1, eta=NOW), Weight.update),
        (Draft(severity=1, eta=NOW), Draft(severity=1, eta=None), Weight.update),
    ],
)
def test_what_is_loud_by_itself(before: Draft, after: Draft, weight: Weight) -> None:
    assert rules.default_weight(before, after) is weight


@pytest.mark.parametrize(
    ("zone", "wall", "utc"),
    [
        ("Europe/Madrid", "2026-03-29T02:30", "2026-03-29T01:30"),  # skipped: 03:30 there
        ("Europe/Madrid", "2026-03-29T01:59", "2026-03-29T00:59"),
        ("Europe/Madrid", "2026-03-29T03:00", "2026-03-29T01:00"),
        ("Europe/Madrid", "2026-10-25T02:30", "2026-10-25T00:30"),  # twice: the first
        ("Europe/Madrid", "2026-10-25T03:00", "2026-10-25T02:00"),
        ("America/Sao_Paulo", "2018-11-04T00:30", "2018-11-04T03:30"),  # skipped at midnight: 01:30 there
        ("America/Sao_Paulo", "2018-02-17T23:30", "2018-02-18T01:30"),  # twice: the first
        ("America/Sao_Paulo", "2026-03-12T20:00", "2026-03-12T23:00"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:45"),  # a gap of half an hour: 02:45 there
        ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45"),  # twice: the first
        ("UTC", "2026-03-12T20:00", "2026-03-12T20:00"),
    ],
)
def test_wall_times(zone: str, wall: str, utc: str) -> None:
    moment = rules.to_utc(datetime.fromisoformat(wall), zone)
    assert moment == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize("year", [1, 1999, 2101, 9999])
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Lima"])
def test_years_out_of_range_are_said_clearly(year: int, zone: str) -> None:
    with pytest.raises(BadTime):
        rules.to_utc(datetime(year, 1, 1), zone)
    with pytest.raises(BadTime):
        rules.to_utc(datetime(year, 12, 31, 23, 59, tzinfo=ZoneInfo("UTC")), zone)


@pytest.mark.parametrize("zone", ["", "Nowhere/Land", "../../etc/passwd", "\0", "Europe"])
def test_zones_that_are_none(zone: str) -> None:
    with pytest.raises(BadTime):
        rules.to_utc(datetime(2026, 1, 1), zone)


def test_severity_words_and_numbers_agree() -> None:
    assert [s.value for s in Severity] == [1, 2, 3, 4]
