"""When many tickets are a surge, and what they share; and a whole month of arrivals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

import pytest

from benchmarks import arrivals
from plugins.outage_notice.outages.rules import likeness, surges
from plugins.outage_notice.outages.rules.surges import HourCount, Limits, Normal

WINDOW = timedelta(minutes=10)
LIMITS = Limits()
MONDAY = datetime(2026, 3, 9, 8, 5, tzinfo=UTC)


def hours(*tickets: int) -> list[HourCount]:
    return [HourCount(n, 0) for n in tickets]


@pytest.mark.parametrize(
    ("history", "least"),
    [
        ((), 8),  # nothing is known: the plain threshold
        ((0,) * 8, 8),
        ((6,) * 8, 8),  # one in a window: five times that is less than eight
        ((60,) * 8, 50),  # ten in a window
        ((0, 0, 0, 0, 0, 0, 0, 60), 8),  # one old outage makes nobody deaf
        ((0, 0, 0, 0, 30, 0, 0, 30), 24),  # what comes back every fourth week is no outage
    ],
)
def test_the_threshold_follows_the_history_of_that_hour(history: tuple[int, ...], least: int) -> None:
    assert surges.needed(surges.normal_of(hours(*history), WINDOW), LIMITS) == least


def test_an_hour_that_begins_with_a_crowd_may_do_so_again() -> None:
    crowded = [HourCount(30, 20)] * 8
    assert surges.needed(surges.normal_of(crowded, WINDOW), LIMITS) > 30
    assert surges.needed(surges.normal_of(hours(*[30] * 8), WINDOW), LIMITS) == 25


def test_what_is_up_everywhere_is_a_busy_day() -> None:
    assert surges.busyness(100, 100) == 1
    assert surges.busyness(8, 4) == 1  # chance
    assert surges.busyness(200, 100) == 2
    assert surges.busyness(9000, 100) == 3
    assert surges.busyness(50, 0) == 1
    normal = Normal(mean=4)
    assert (surges.needed(normal, LIMITS), surges.needed(normal, LIMITS, busy=2)) == (20, 40)


def test_the_same_hour_on_the_wall_is_compared() -> None:
    """The clocks went forward on 29 March: what was at 7 UTC is at 6 UTC now."""
    long_ago, zone = datetime(2025, 1, 1, tzinfo=UTC), ZoneInfo("Europe/Madrid")
    found = surges.compared_hours(datetime(2026, 4, 6, 6, tzinfo=UTC), zone, long_ago)
    assert len(found) == surges.WEEKS
    assert found[0] == datetime(2026, 3, 30, 6, tzinfo=UTC)
    assert found[1] == datetime(2026, 3, 23, 7, tzinfo=UTC)
    assert {h.weekday() for h in found} == {0}


def test_a_young_history_takes_the_hours_of_the_last_days() -> None:
    since = MONDAY - timedelta(days=9)
    found = surges.compared_hours(surges.hour_of(MONDAY), ZoneInfo("UTC"), since)
    assert found[0] == surges.hour_of(MONDAY) - timedelta(days=7)
    assert found[1:] == [surges.hour_of(MONDAY) - timedelta(days=n) for n in range(1, 7)]
    assert surges.compared_hours(surges.hour_of(MONDAY), ZoneInfo("UTC"), MONDAY) == []


def test_a_window_over_two_hours_counts_by_the_busier_one() -> None:
    assert surges.hours_of_window(MONDAY, WINDOW) == [surges.hour_of(MONDAY) - surges.HOUR, surges.hour_of(MONDAY)]
    assert surges.busiest([Normal(1, 2, 3), Normal(4, 1, 0)]) == Normal(4, 2, 3)
    assert surges.busiest([]) == Normal()


def test_bars_hold_the_last_windows() -> None:
    times = [MONDAY, MONDAY - timedelta(minutes=9), MONDAY - timedelta(minutes=10), MONDAY - timedelta(hours=2)]
    assert surges.bars(times, MONDAY, WINDOW) == [0, 0, 0, 0, 1, 2]


def test_two_words_of_the_same_tickets_are_one_matter() -> None:
    assert surges.is_same_cluster([1, 2, 3, 4], [3, 4])
    assert not surges.is_same_cluster([1, 2, 3, 4], [4, 5, 6])
    assert not surges.is_same_cluster([], [1])


def test_words_that_say_something() -> None:
    assert likeness.telling_words("Please help: I can't reach the Gateway", "gateway não abre 404") == [
        "reach",
        "gateway",
    ]
    assert likeness.telling_words("Impossible to print", "Unable to start, falla, impossível") == ["print"]


def test_the_service_that_is_named() -> None:
    catalogue = [(1, "VPN", "gateway, remote access"), (2, "E-mail", "outlook"), (3, "Mail archive", "")]
    assert likeness.named_service(catalogue, "Remote access fails") == 1
    assert likeness.named_service(catalogue, "Outlook says no") == 2
    assert likeness.named_service(catalogue, "VPN or outlook") == 2  # the longer one
    assert likeness.named_service(catalogue, "gateways everywhere") is None
    assert likeness.named_service([(1, "VPN", ""), (2, "ERP", "")], "VPN and ERP") is None


def test_the_phrase_that_is_shared() -> None:
    texts = [
        "VPN: Gateway not reachable",
        "gateway not reachable since 9",
        "No VPN at home, gateway not reachable",
        "x",
    ]
    found = likeness.shared_phrase(texts, besides="VPN")
    assert found is not None
    assert (found.phrase, found.count) == ("Gateway not reachable", 3)
    assert found.is_of_most
    assert likeness.shared_phrase(["one thing", "another matter"]) is None
    # What is impossible differs: no filler word is what they share.
    assert likeness.shared_phrase(["Impossible to print", "Impossible to reach payroll"]) is None
    printing = likeness.shared_phrase(["Impossible to print today"] * 3 + ["Print job lost"])
    assert printing is not None
    assert (printing.phrase, printing.is_of_most) == ("Impossible to print", True)
    assert likeness.shared_phrase([]) is None


def test_a_month_without_outages_is_quiet_and_outages_are_seen_within_minutes() -> None:
    """Eight weeks of history, then four weeks: office hours, Monday mornings, single people with many tickets."""
    ordinary = arrivals.ordinary(11, 200, arrivals.START + arrivals.WARM_UP + arrivals.MONTH)
    happened = arrivals.outages(12, (1.5, 3.0, 8.0), 8)
    outcome = arrivals.replay(arrivals.with_outages(ordinary, happened, 13), happened)
    assert len(outcome.false_alarms) <= 1, outcome.false_alarms
    assert outcome.missed == []
    minutes = {
        rate: median(outcome.delays[o.number] / timedelta(minutes=1) for o in happened if o.per_minute == rate)
        for rate in (1.5, 3.0, 8.0)
    }
    # Eight people have written after 8 / rate minutes on average: more than that is ours.
    assert all(minutes[rate] <= 8 / rate + 1.5 for rate in minutes), minutes


def test_mondays_and_single_people_are_what_the_month_is_hard_for() -> None:
    """The month would not be quiet for a plain threshold: the rules are what keeps it so."""
    ordinary = arrivals.ordinary(11, 400, arrivals.START + arrivals.WARM_UP + arrivals.MONTH)
    crowds = 0
    recent: list[arrivals.Arrival] = []
    for arrival in ordinary:
        if arrival.keys == ("service:0",):
            recent = [a for a in recent if a.at > arrival.at - WINDOW] + [arrival]
            crowds += len(recent) >= LIMITS.tickets
    assert crowds > 50
