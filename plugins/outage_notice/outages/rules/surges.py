"""When many new tickets are more than that hour's own history explains: no I/O, the time is an argument."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from statistics import fmean, variance
from zoneinfo import ZoneInfo

WEEKS = 8  # how far back the same hour is compared
FEWEST_WEEKS = 3  # with less of it, the same hour of the last days counts
DAYS = 7
SPREADS = 5.0  # standard deviations above normal
PEAK_SPREADS = 4.0  # and above the fullest window that this hour usually has
BUSIEST_DAY = 3.0  # the most that a busy day raises what is normal
TRIMMED_FROM = 4  # with so many values the greatest is left out: one old outage must not make us deaf
SAME_PERSON = timedelta(hours=1)  # in this time one person's tickets count only as far as `Limits.most_of_one`
FADES_AFTER = timedelta(minutes=30)  # without another ticket
REPORTS_KEPT = timedelta(hours=24)
COUNTS_KEPT = timedelta(weeks=WEEKS + 1)
SAME_CLUSTER = 0.5  # share of tickets that two clusters of words have in common
SPARK_BARS = 6
HOUR = timedelta(hours=1)
ALL = "all"

TICKETS_RANGE = (3, 1000)
PEOPLE_RANGE = (1, 1000)
FACTOR_RANGE = (1.5, 100.0)
MINUTES_RANGE = (2, 60)
SILENCE_RANGE = (5, 1440)


class SurgeState(StrEnum):
    open = "open"
    silenced = "silenced"  # somebody said that it is no outage
    declared = "declared"  # the outage is published
    faded = "faded"  # no more tickets came


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on many tickets are a surge: so many within the window, of so many people at least, and so many times
    what is normal.
    """

    tickets: int = 8
    people: int = 2
    factor: float = 5.0
    minutes: int = 10
    silence_minutes: int = 60

    @property
    def window(self) -> timedelta:
        return timedelta(minutes=self.minutes)

    @property
    def most_of_one(self) -> int:
        """So many tickets of one person count: a list that somebody hands in ticket by ticket is no surge."""
        return max(1, math.ceil(self.tickets / self.people))


def weigh(tickets_of_each: Iterable[int], limits: Limits) -> int:
    """How many tickets count, given how many each person wrote."""
    return sum(min(count, limits.most_of_one) for count in tickets_of_each)


@dataclass(frozen=True, slots=True)
class Normal:
    """What is normal in one window: the mean of tickets that count, and their standard deviation.

    `peak`: how many the fullest window of such an hour usually holds, since people do not come evenly.
    """

    mean: float = 0.0
    spread: float = 0.0
    peak: float = 0.0


@dataclass(frozen=True, slots=True)
class HourCount:
    """One hour of one cluster: tickets that count, and the most of them in one window."""

    tickets: int = 0
    peak: int = 0


def service_key(service_id: int) -> str:
    """What tickets about this service are counted under."""
    return f"service:{service_id}"


def word_key(word: str) -> str:
    """What tickets without a service that hold this word are counted under."""
    return f"word:{word[:40]}"


def read_key(key: str) -> tuple[int | None, str | None]:
    """The service, or the word, of a cluster."""
    kind, _colon, name = key.partition(":")
    return (int(name), None) if kind == "service" else (None, name)


def hour_of(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def hours_of_window(at: datetime, window: timedelta) -> list[datetime]:
    """The hours that the window ending at `at` touches, oldest first."""
    first, last = hour_of(at - window), hour_of(at)
    return [first + timedelta(hours=n) for n in range(int((last - first) / timedelta(hours=1)) + 1)]


def compared_hours(hour: datetime, zone: ZoneInfo, known_since: datetime) -> list[datetime]:
    """The hours before whose counts say what is normal in this one: same weekday, same time on the wall.

    Only hours since counting began. A young history is completed by the same hour of the last days.
    """
    local = hour.astimezone(zone)
    weeks = [_earlier(local, timedelta(weeks=n)) for n in range(1, WEEKS + 1)]
    known = [h for h in weeks if h >= known_since]
    if len(known) >= FEWEST_WEEKS:
        return known
    days = (_earlier(local, timedelta(days=n)) for n in range(1, DAYS + 1))
    return list(dict.fromkeys([*known, *(h for h in days if h >= known_since)]))


def _earlier(local: datetime, ago: timedelta) -> datetime:
    return hour_of((local.replace(tzinfo=None) - ago).replace(tzinfo=local.tzinfo))


def normal_of(hours: Sequence[HourCount], window: timedelta) -> Normal:
    """What is normal in one window, from comparable hours.

    The mean grows with the length of the window. The variance is that of chance (Poisson) plus what the hours differ
    beyond chance, which comes in lumps and so shrinks only with the length of the window, not with its square.
    """
    counts, peaks = _without_greatest([h.tickets for h in hours]), _without_greatest([h.peak for h in hours])
    if not counts:
        return Normal()
    share = window / HOUR
    mean = fmean(counts)
    extra = max(0.0, variance(counts) - mean) if len(counts) > 1 else 0.0
    return Normal(mean * share, math.sqrt(mean * share + extra * share), fmean(peaks))


def _without_greatest(values: Iterable[int]) -> list[int]:
    ordered = sorted(values)
    return ordered[:-1] if len(ordered) >= TRIMMED_FROM else ordered


def busiest(normals: Iterable[Normal]) -> Normal:
    """Of the hours that a window touches, the most of each."""
    known = list(normals) or [Normal()]
    return Normal(max(n.mean for n in known), max(n.spread for n in known), max(n.peak for n in known))


def busyness(others: int, others_normal: float) -> float:
    """By how much more than usual everything else is written about today: 1 on an ordinary day, at most 3.

    What is up everywhere is a busy day, not an outage. `others`: tickets of all other clusters in the present hours.
    """
    if others_normal <= 0 or others <= others_normal + SPREADS * math.sqrt(others_normal) / 2:
        return 1.0
    return min(BUSIEST_DAY, others / others_normal)


def hours_to_judge(at: datetime) -> list[datetime]:
    """The present hour and the one before: from them it is seen how busy the day is."""
    return [hour_of(at) - HOUR, hour_of(at)]


def others_of(
    hours: Sequence[datetime],
    at: datetime,
    tickets: Callable[[datetime], int],
    normal: Callable[[datetime], float],
) -> tuple[int, float]:
    """How many came in these hours, and how many usually do by now: the last hour is not over yet."""
    passed = (at - hours[-1]) / HOUR
    return sum(map(tickets, hours)), sum(map(normal, hours[:-1])) + normal(hours[-1]) * passed


def needed(normal: Normal, limits: Limits, busy: float = 1.0) -> int:
    """How many tickets must come within the window before it is a surge. `busy`: see `busyness`."""
    mean, spread, peak = normal.mean * busy, normal.spread * math.sqrt(busy), normal.peak * busy
    beyond_chance = max(mean + SPREADS * spread, peak + PEAK_SPREADS * math.sqrt(peak))
    return math.ceil(max(limits.tickets, limits.factor * mean, beyond_chance) - 1e-9)


def is_same_cluster(mine: Iterable[int], theirs: Iterable[int]) -> bool:
    """Whether two sets of tickets are the same matter: half of the smaller one is in both."""
    one, other = set(mine), set(theirs)
    smaller = min(len(one), len(other))
    return smaller > 0 and len(one & other) / smaller >= SAME_CLUSTER


def bars(times: Iterable[datetime], now: datetime, window: timedelta) -> list[int]:
    """Tickets in each of the last windows, oldest first."""
    found = [0] * SPARK_BARS
    for time in times:
        back = int((now - time) / window)
        if 0 <= back < SPARK_BARS:
            found[SPARK_BARS - 1 - back] += 1
    return found
