"""Tickets as they arrive at a help desk over months, with and without outages, and the surge rules looking at them.

Made up, but with what makes real arrivals hard: office hours, Monday mornings, days that are busier than others, the
day after a holiday, people who write ten tickets in a row, groups of colleagues with one question, and a service that
everybody writes about every Monday at nine.
"""

from __future__ import annotations

import bisect
import random
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from plugins.outage_notice.outages.rules import surges

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
WARM_UP = timedelta(weeks=8)
MONTH = timedelta(weeks=4)
SERVICES = 20
VOCABULARY = 2000
PEOPLE = 3000
HOURS = (0, 0, 0, 0, 0, 0, 1, 4, 12, 12, 10, 9, 6, 6, 9, 9, 7, 4, 2, 1, 1, 0, 0, 0)  # share of the day's tickets
NIGHT = 0.15  # in hours without office
QUIET_AGAIN = timedelta(hours=2)  # alarms of one cluster within this time are one
ZONE = ZoneInfo("Europe/Madrid")


@dataclass(frozen=True, slots=True)
class Arrival:
    """One ticket. `keys`: what it is counted under. `surge`: the number of the outage it belongs to, or None."""

    at: datetime
    person: int
    keys: tuple[str, ...]
    surge: int | None = None


@dataclass(frozen=True, slots=True)
class Outage:
    """People write about it at this rate for so long, by service or (`service` None) with common words alone."""

    number: int
    starts_at: datetime
    per_minute: float
    minutes: int
    service: int | None

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.minutes + 10)

    @property
    def keys(self) -> tuple[str, ...]:
        if self.service is not None:
            return (surges.service_key(self.service),)
        return (surges.word_key(f"broken{self.number}"), surges.word_key(f"gateway{self.number}"))


@dataclass(frozen=True, slots=True)
class Alarm:
    at: datetime
    key: str
    counted: int
    needed: int
    normal: float


@dataclass(slots=True)
class Outcome:
    """`delays`: from the beginning of each outage until its alarm. `missed`: outages without one."""

    false_alarms: list[Alarm] = field(default_factory=list)
    delays: dict[int, timedelta] = field(default_factory=dict)
    missed: list[int] = field(default_factory=list)
    tickets: int = 0


def ordinary(seed: int, per_day: float, until: datetime) -> list[Arrival]:
    """What comes without any outage from `START` on, `per_day` on an ordinary working day, in order."""
    chance = random.Random(seed)
    shares = [1 / (n + 1) ** 0.8 for n in range(SERVICES)]
    words = [1 / (n + 3) for n in range(VOCABULARY)]
    found: list[Arrival] = []
    day = START
    while day < until:
        found += _day(chance, day, per_day * _busy(chance, day), shares, words)
        day += timedelta(days=1)
    return sorted(found, key=lambda a: a.at)


def _busy(chance: random.Random, day: datetime) -> float:
    """How busy a day is: weekends, Mondays, the first days of a month, the Monday after a holiday, and chance."""
    if day.weekday() >= 5:
        return 0.08
    factor = chance.gammavariate(40, 1 / 40)
    factor *= {0: 1.4, 4: 0.85}.get(day.weekday(), 1.0)
    factor *= 1.2 if day.day <= 3 else 1.0
    return factor * (1.9 if day == START + WARM_UP + timedelta(weeks=2) else 1.0)


def _day(
    chance: random.Random, day: datetime, tickets: float, shares: Sequence[float], words: Sequence[float]
) -> Iterator[Arrival]:
    total = sum(HOURS)
    for hour, weight in enumerate(HOURS):
        for service, share in enumerate(shares):
            expected = tickets * (weight or NIGHT) / total * share / sum(shares)
            if service == 0 and day.weekday() == 0 and hour == 8:
                expected *= 3  # passwords that ran out over the weekend
            for _n in range(_poisson(chance, expected * chance.gammavariate(6, 1 / 6))):
                # At the start of the day many have waited for the desk to open.
                minute = chance.betavariate(1, 2 if hour == 8 else 1) * 60
                yield _one(chance, day + timedelta(hours=hour, minutes=minute), service, words)
    if day.weekday() < 5:
        if chance.random() < 0.5:
            yield from _one_persons_burst(chance, day)
        if chance.random() < 0.6:
            yield from _colleagues(chance, day)


def _one(chance: random.Random, at: datetime, service: int, words: Sequence[float]) -> Arrival:
    if chance.random() < 0.8:
        keys: tuple[str, ...] = (surges.service_key(service),)
    else:
        chosen = chance.choices(range(VOCABULARY), words, k=5)
        keys = tuple(surges.word_key(f"word{n}") for n in dict.fromkeys(chosen))
    return Arrival(at, chance.randrange(PEOPLE), keys)


def _one_persons_burst(chance: random.Random, day: datetime) -> Iterator[Arrival]:
    """Somebody hands in a whole list, one ticket each."""
    at, person = day + timedelta(hours=chance.uniform(8, 17)), chance.randrange(PEOPLE)
    key = surges.service_key(chance.randrange(SERVICES))
    for n in range(chance.randint(8, 25)):
        yield Arrival(at + timedelta(seconds=20 * n), person, (key,))


def _colleagues(chance: random.Random, day: datetime) -> Iterator[Arrival]:
    """A few people of one office have the same question within minutes."""
    at = day + timedelta(hours=chance.uniform(8, 17))
    key = surges.service_key(chance.randrange(SERVICES))
    for _n in range(chance.randint(2, 5)):
        yield Arrival(at + timedelta(minutes=chance.uniform(0, 8)), chance.randrange(PEOPLE), (key,))


def _poisson(chance: random.Random, mean: float) -> int:
    count, left = 0, chance.expovariate(1.0)
    while left < mean:
        count, left = count + 1, left + chance.expovariate(1.0)
    return count


def outages(seed: int, rates: Sequence[float], each: int) -> list[Outage]:
    """Outages within the month after the warm-up, `each` of every rate (people a minute), by day and by night."""
    chance = random.Random(seed)
    found = []
    for number in range(len(rates) * each):
        day = chance.randrange(int(MONTH.days))
        hour = chance.uniform(7, 19) if number % 4 else chance.uniform(0, 24)
        starts_at = START + WARM_UP + timedelta(days=day, hours=hour)
        service = None if number % 5 == 4 else chance.randrange(SERVICES)
        found.append(Outage(number, starts_at, rates[number % len(rates)], chance.randint(25, 60), service))
    return found


def with_outages(arrivals: list[Arrival], happened: Iterable[Outage], seed: int) -> list[Arrival]:
    chance = random.Random(seed)
    found = list(arrivals)
    for outage in happened:
        minutes = 0.0
        while (minutes := minutes + chance.expovariate(outage.per_minute)) < outage.minutes:
            at = outage.starts_at + timedelta(minutes=minutes)
            found.append(Arrival(at, chance.randrange(PEOPLE), outage.keys, outage.number))
    return sorted(found, key=lambda a: a.at)


class Watch:
    """What the database remembers, in memory: each cluster's hours, and who wrote in the window."""

    def __init__(self, limits: surges.Limits) -> None:
        self.limits = limits
        self.hours: dict[tuple[str, datetime], surges.HourCount] = {}
        self.recent: defaultdict[str, deque[tuple[datetime, int]]] = defaultdict(deque)
        self.lately: defaultdict[tuple[str, int], deque[datetime]] = defaultdict(deque)

    def take(self, arrival: Arrival) -> list[Alarm]:
        """Count one more ticket. The clusters that are a surge now."""
        self._count(surges.ALL, arrival)
        found = []
        for key in arrival.keys:
            counted = self._count(key, arrival)
            if counted >= self.limits.tickets:
                normal, busy = self._normal(key, arrival.at), self._busy(key, arrival.at)
                least = surges.needed(normal, self.limits, busy)
                if counted >= least:
                    found.append(Alarm(arrival.at, key, counted, least, round(normal.mean, 2)))
        return found

    def _count(self, key: str, arrival: Arrival) -> int:
        """The tickets that count in the window, with this one."""
        recent = self.recent[key]
        recent.append((arrival.at, arrival.person))
        while recent[0][0] <= arrival.at - self.limits.window:
            recent.popleft()
        of_each = Counter(person for _at, person in recent) if key != surges.ALL else Counter[int]()
        counted = surges.weigh(of_each.values(), self.limits)
        place = key, surges.hour_of(arrival.at)
        known = self.hours.get(place, surges.HourCount())
        lately = self.lately[key, arrival.person]
        while lately and lately[0] <= arrival.at - surges.SAME_PERSON:
            lately.popleft()
        counts = len(lately) < self.limits.most_of_one
        lately.append(arrival.at)
        self.hours[place] = surges.HourCount(known.tickets + counts, max(known.peak, counted))
        return counted

    def _normal(self, key: str, at: datetime, window: timedelta | None = None) -> surges.Normal:
        return surges.busiest(
            surges.normal_of(self._compared(key, hour), window or self.limits.window)
            for hour in surges.hours_of_window(at, self.limits.window)
        )

    def _compared(self, key: str, hour: datetime) -> list[surges.HourCount]:
        return [self.hours.get((key, h), surges.HourCount()) for h in surges.compared_hours(hour, ZONE, START)]

    def _busy(self, key: str, at: datetime) -> float:
        return surges.busyness(
            *surges.others_of(
                surges.hours_to_judge(at),
                at,
                lambda hour: self._tickets(surges.ALL, hour) - self._tickets(key, hour),
                lambda hour: (
                    surges.normal_of(self._compared(surges.ALL, hour), surges.HOUR).mean
                    - surges.normal_of(self._compared(key, hour), surges.HOUR).mean
                ),
            )
        )

    def _tickets(self, key: str, hour: datetime) -> int:
        return self.hours.get((key, hour), surges.HourCount()).tickets


def replay(arrivals: Sequence[Arrival], happened: Sequence[Outage], limits: surges.Limits | None = None) -> Outcome:
    """Let the rules look at every ticket. Alarms count after the warm-up; one silences its cluster for a while."""
    watch, outcome = Watch(limits or surges.Limits()), Outcome(tickets=len(arrivals))
    quiet: dict[str, datetime] = {}
    alarms: dict[str, list[datetime]] = defaultdict(list)
    for arrival in arrivals:
        for alarm in watch.take(arrival):
            if alarm.at < START + WARM_UP or quiet.get(alarm.key, START) > alarm.at:
                continue
            quiet[alarm.key] = alarm.at + QUIET_AGAIN
            alarms[alarm.key].append(alarm.at)
            if not any(alarm.key in o.keys and o.starts_at <= alarm.at <= o.ends_at for o in happened):
                outcome.false_alarms.append(alarm)
    for outage in happened:
        _judge(outage, alarms, outcome)
    return outcome


def _judge(outage: Outage, alarms: dict[str, list[datetime]], outcome: Outcome) -> None:
    times = sorted(at for key in outage.keys for at in alarms[key])
    first = bisect.bisect_left(times, outage.starts_at)
    if first == len(times) or times[first] > outage.ends_at:
        outcome.missed.append(outage.number)
    else:
        outcome.delays[outage.number] = times[first] - outage.starts_at
