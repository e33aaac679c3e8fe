"""Repetitions against a calendar that is counted day by day."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from dateutil import rrule
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.outage_notice.announcements import rules
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.rules import BadRecurrence, Kind, Phase, Status, parse_recurrence
from plugins.outage_notice.announcements.rules.recurrence import spans
from plugins.outage_notice.tests.announcements.test_rules import record

ZONES = ("Europe/Madrid", "America/Sao_Paulo", "Australia/Lord_Howe", "America/New_York", "Asia/Tokyo", "UTC")
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def expected_moment(day: date, hour: int, minute: int, zone: ZoneInfo) -> datetime:
    """The moment of a wall time, found without the code under test: by walking the minutes of the day in UTC."""
    wall = datetime(day.year, day.month, day.day, hour, minute)
    for guess in (wall - timedelta(hours=14) + timedelta(minutes=30 * n) for n in range(57)):
        moment = guess.replace(tzinfo=UTC)
        if moment.astimezone(zone).replace(tzinfo=None) == wall:
            return moment  # the first one
    before = (wall - timedelta(hours=3)).replace(tzinfo=zone).utcoffset()
    assert before is not None
    return (wall - before).replace(tzinfo=UTC)  # skipped: as the clock stood before the gap


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    first=st.dates(date(2025, 1, 1), date(2027, 12, 31)),
    hour=st.integers(0, 23),
    minute=st.sampled_from([0, 30]),
    zone_name=st.sampled_from(ZONES),
    interval=st.integers(1, 4),
    days=st.sets(st.sampled_from(range(7)), min_size=1),
)
def test_weekly_by_an_independent_calendar(
    first: date, hour: int, minute: int, zone_name: str, interval: int, days: set[int]
) -> None:
    zone = ZoneInfo(zone_name)
    rule = parse_recurrence(f"FREQ=WEEKLY;INTERVAL={interval};BYDAY={','.join(DAYS[d] for d in sorted(days))}")
    start = expected_moment(first, hour, minute, zone)
    if start.astimezone(zone).replace(tzinfo=None) != datetime(first.year, first.month, first.day, hour, minute):
        return  # a first start that does not exist is moved when it is saved
    found = [s.start for s in islice(spans(rule, start, start + timedelta(minutes=20), zone_name), 12)]
    monday = first - timedelta(days=first.weekday())
    wanted = []
    day = first
    while len(wanted) < 12:
        if ((day - monday).days // 7) % interval == 0 and day.weekday() in days:
            wanted.append(expected_moment(day, hour, minute, zone))
        day += timedelta(days=1)
    assert found == wanted


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    first=st.dates(date(2025, 1, 1), date(2026, 12, 31)),
    position=st.sampled_from([1, 2, 3, 4, 5, -1, -2]),
    weekday=st.integers(0, 6),
    zone_name=st.sampled_from(ZONES),
)
def test_monthly_by_position(first: date, position: int, weekday: int, zone_name: str) -> None:
    rule = parse_recurrence(f"FREQ=MONTHLY;BYDAY={position}{DAYS[weekday]}")
    start = expected_moment(first, 12, 0, ZoneInfo(zone_name))
    found = [s.on for s in islice(spans(rule, start, start + timedelta(hours=1), zone_name), 8)]
    wanted = []
    year, month = first.year, first.month
    while len(wanted) < 8:
        _first, length = calendar.monthrange(year, month)
        same = [d for n in range(1, length + 1) if (d := date(year, month, n)).weekday() == weekday]
        index = position - 1 if position > 0 else position
        if -len(same) <= index < len(same) and same[index] >= first:
            wanted.append(same[index])
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    assert found == wanted


@pytest.mark.parametrize(
    ("zone", "start", "changes"),
    [
        ("Europe/Madrid", "2026-03-27T21:00", ("21:00", "21:00", "20:00", "20:00")),
        ("Europe/Madrid", "2026-10-23T20:00", ("20:00", "20:00", "21:00", "21:00")),
    ],
)
def test_the_wall_time_stays_across_a_clock_change(zone: str, start: str, changes: tuple[str, ...]) -> None:
    first = datetime.fromisoformat(start).replace(tzinfo=UTC)
    found = islice(spans(parse_recurrence("FREQ=DAILY"), first, first + timedelta(hours=1), zone), 4)
    assert tuple(s.start.strftime("%H:%M") for s in found) == changes


def test_a_skipped_time_moves_and_keeps_its_length() -> None:
    first = datetime(2026, 3, 28, 1, 15, tzinfo=UTC)  # 02:15 in Madrid
    found = list(
        islice(spans(parse_recurrence("FREQ=DAILY"), first, first + timedelta(minutes=30), "Europe/Madrid"), 3)
    )
    assert [(s.start.strftime("%d %H:%M"), s.end - s.start) for s in found] == [
        ("28 01:15", timedelta(minutes=30)),
        ("29 01:15", timedelta(minutes=30)),  # 03:15 there
        ("30 00:15", timedelta(minutes=30)),
    ]


def test_a_skipped_day_happens_once() -> None:
    first = datetime(2011, 12, 28, 10, 0, tzinfo=ZoneInfo("Pacific/Apia")).astimezone(UTC)
    found = list(islice(spans(parse_recurrence("FREQ=DAILY"), first, first + timedelta(hours=1), "Pacific/Apia"), 4))
    assert [s.on.isoformat() for s in found] == ["2011-12-28", "2011-12-29", "2011-12-31", "2012-01-01"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "DAILY",
        "FREQ=SECONDLY",
        "FREQ=MINUTELY",
        "FREQ=HOURLY",
        "FREQ=DAILY;FREQ=WEEKLY",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=1001",
        "FREQ=DAILY;COUNT=-1",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=367",
        "FREQ=DAILY;INTERVAL=1e9",
        "FREQ=DAILY;COUNT=3;UNTIL=20270101",
        "FREQ=DAILY;UNTIL=20270230",
        "FREQ=DAILY;UNTIL=tomorrow",
        "FREQ=DAILY;BYHOUR=3",
        "FREQ=DAILY;BYSECOND=0",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;BYDAY=2TU",
        "FREQ=WEEKLY;BYMONTHDAY=3",
        "FREQ=MONTHLY;BYDAY=0MO",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=YEARLY;BYDAY=53MO;BYMONTH=12",
        "FREQ=YEARLY;BYDAY=54MO",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=MONTHLY;BYSETPOS=1",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=4,6;BYMONTHDAY=-31",
        "FREQ=DAILY;BYDAY=MO;BYSETPOS=2",
        "FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=3",
        "FREQ=MONTHLY;BYDAY=5MO;BYSETPOS=-2",
        "FREQ=MONTHLY;BYDAY=MO,TU;BYMONTHDAY=30,31;BYSETPOS=3",
        "FREQ=YEARLY;BYDAY=MO;BYMONTH=3,5;BYSETPOS=11",
        "FREQ=YEARLY;BYEASTER=0",
        "FREQ=DAILY;" + "BYDAY=" + ",".join(["MO"] * 100),
        "FREQ=DAILY\nRRULE:FREQ=SECONDLY",
    ],
)
def test_rules_that_are_refused(text: str) -> None:
    with pytest.raises(BadRecurrence):
        parse_recurrence(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("FREQ=DAILY;COUNT=3", 3),
        ("FREQ=DAILY;UNTIL=20260314", 3),
        ("FREQ=DAILY;UNTIL=20260314T090000Z", 3),
        ("FREQ=DAILY;UNTIL=20260314T085959Z", 2),
        ("RRULE:freq=weekly;byday=th;count=2", 2),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", 18),  # up to the last year that is taken, which is no leap year
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2", 2),
        ("FREQ=MONTHLY;BYDAY=MO,2TU;BYSETPOS=1,9;COUNT=3", 3),
        ("FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=366", 18),
        ("FREQ=YEARLY;BYDAY=MO;BYMONTH=3,5;BYSETPOS=10;COUNT=2", 2),
    ],
)
def test_how_often(text: str, count: int) -> None:
    first = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
    assert len(list(spans(parse_recurrence(text), first, first + timedelta(hours=1), "UTC"))) == count


@pytest.mark.parametrize("text", ["FREQ=MONTHLY;BYDAY=5MO;BYMONTH=2;BYMONTHDAY=28", "FREQ=DAILY;INTERVAL=7;BYDAY=MO"])
def test_what_never_comes_is_found_out_soon(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library goes on to the year 9999, month by month."""
    looked: list[int] = []
    rebuild = rrule._iterinfo.rebuild
    monkeypatch.setattr(rrule._iterinfo, "rebuild", lambda *a: (looked.append(1), rebuild(*a))[1])
    first = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
    assert list(spans(parse_recurrence(text), first, first + timedelta(hours=1), "UTC")) == []
    assert len(looked) < 25_000


def test_phase_of_a_repeated_maintenance() -> None:
    first = datetime(2026, 3, 12, 20, 0, tzinfo=UTC)
    one = record(
        kind=Kind.maintenance,
        status=Status.scheduled,
        published_at=first - timedelta(days=1),
        show_from=first - timedelta(hours=1),
        starts_at=first,
        planned_end_at=first + timedelta(hours=2),
        recurrence="FREQ=DAILY;COUNT=2",
    )
    day, hour = timedelta(days=1), timedelta(hours=1)
    for offset in (timedelta(), day):
        expected = [
            (-2 * hour, Phase.upcoming, Status.scheduled, False),
            (-hour, Phase.upcoming, Status.scheduled, True),
            (timedelta(), Phase.active, Status.in_progress, True),
        ]
        for delta, phase, status, is_shown in expected:
            moment = first + offset + delta
            found = (
                rules.phase(one, moment),
                rules.effective_status(one, moment),
                rules.window(one, moment).is_shown,
            )
            assert found == (phase, status, is_shown), moment
    assert rules.showing_since(one, first + day) == first + day - hour
    assert rules.phase(one, first + day + 2 * hour) is Phase.over
    assert rules.effective_status(one, first + day + 2 * hour) is Status.completed
    assert rules.next_change_at(one, first) == first + 2 * hour


EVENING, HOUR = datetime(2026, 3, 12, 20, 0, tzinfo=UTC), timedelta(hours=1)


def an_hour(recurrence: str) -> Announcement:
    """A maintenance of an hour that begins that evening and is repeated."""
    return record(
        kind=Kind.maintenance,
        status=Status.scheduled,
        published_at=EVENING,
        starts_at=EVENING,
        planned_end_at=EVENING + HOUR,
        recurrence=recurrence,
    )


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("FREQ=YEARLY;INTERVAL=9", ["2035-03-12", "2044-03-12"]),
        ("FREQ=MONTHLY;INTERVAL=120", ["2036-03-12", "2046-03-12"]),
        ("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25;BYDAY=MO", ["2028-12-25", "2034-12-25", "2045-12-25"]),
        ("FREQ=MONTHLY;BYMONTH=2;BYDAY=5MO", ["2044-02-29", "2072-02-29"]),
    ],
)
def test_a_long_pause_is_not_the_end(text: str, days: list[str]) -> None:
    one, former = an_hour(text), EVENING
    for day in days:
        start = datetime.fromisoformat(f"{day}T20:00:00+00:00")
        assert rules.phase(one, former + HOUR) is Phase.upcoming
        assert rules.next_change_at(one, former + HOUR) == start
        assert rules.phase(one, start) is Phase.active
        former = start


def test_a_repetition_without_an_end_goes_on_for_decades() -> None:
    one, later = an_hour("FREQ=WEEKLY"), EVENING + timedelta(weeks=1000)
    assert rules.phase(one, later) is Phase.active
    assert rules.phase(one, later + HOUR) is Phase.upcoming
    assert rules.phase(one, EVENING) is Phase.active, "a clock that goes back"
    assert rules.next_change_at(one, later) == later + HOUR
