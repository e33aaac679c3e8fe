"""Repetition: RFC 5545 recurrence rules of whole days, read strictly and expanded in the author's zone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import islice
from typing import Any

from dateutil import rrule
from flask_babel import lazy_gettext as _l

from plugins.outage_notice.announcements.rules.times import LAST_YEAR, to_utc, zone_of

LENGTH_LIMIT = 200
INTERVAL_LIMIT = 366
COUNT_LIMIT = 1000
# No pause of a rule is too long for it to go on: a leap day that is a Monday comes after 28 years, or 40 across 2100.
LAST_MOMENT = datetime(LAST_YEAR, 11, 30)  # noqa: DTZ001  (a wall time; leaves room for the end)
FREQUENCIES = {"DAILY": rrule.DAILY, "WEEKLY": rrule.WEEKLY, "MONTHLY": rrule.MONTHLY, "YEARLY": rrule.YEARLY}
WEEKDAYS = {
    "MO": rrule.MO,
    "TU": rrule.TU,
    "WE": rrule.WE,
    "TH": rrule.TH,
    "FR": rrule.FR,
    "SA": rrule.SA,
    "SU": rrule.SU,
}
MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
POSITIONS = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 31, "YEARLY": 366}  # days that one period can have
MOST_WEEKS = 53  # of a year
NUMBERS = {"BYMONTHDAY": (-31, 31), "BYMONTH": (1, 12), "BYSETPOS": (-366, 366)}


# The library looks for the next match until the year 9999, whatever the end. The calendar is the same every 400 years,
# so it is asked about a time so much later, and what never comes is found out in a twentieth of the work.
LATER = 19 * 400


def _later(wall: datetime) -> datetime:
    return wall.replace(year=wall.year + LATER)


def _sooner(wall: datetime) -> datetime:
    return wall.replace(year=wall.year - LATER)


class BadRecurrence(ValueError):
    """A repetition that cannot be read, or that is not offered. `message` is for people."""

    def __init__(self, message: object) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True)
class RecurrenceRule:
    """A checked rule. `until` is a naive wall time (RFC 5545: a UTC UNTIL is converted to the author's zone)."""

    options: dict[str, Any]
    count: int | None
    until: datetime | None

    def walls(self, first: datetime) -> Iterator[datetime]:
        """Naive wall times of the starts, from `first` on, in order: one per local date at most.

        Ends with the rule, or with the last year that is taken: a rule that never matches ends too.
        """
        until = LAST_MOMENT if self.until is None else min(self.until, LAST_MOMENT)
        starts = rrule.rrule(dtstart=_later(first), until=_later(until), **self.options)
        return (_sooner(start) for start in islice(starts, self.count))


def parse_recurrence(text: str, zone_name: str = "UTC") -> RecurrenceRule:
    """Read an RRULE value such as "FREQ=WEEKLY;BYDAY=TU;COUNT=10". Raises BadRecurrence with a text for people."""
    if len(text) > LENGTH_LIMIT:
        raise BadRecurrence(_l("The repetition is too long."))
    parts = _parts(text.strip().removeprefix("RRULE:"))
    frequency = parts.pop("FREQ", "")
    if frequency not in FREQUENCIES:
        raise BadRecurrence(_l("Repeat daily, weekly, monthly or yearly."))
    options: dict[str, Any] = {"freq": FREQUENCIES[frequency], "wkst": _weekday_start(parts.pop("WKST", "MO"))}
    options["interval"] = _number(parts.pop("INTERVAL", "1"), 1, INTERVAL_LIMIT)
    count, until = parts.pop("COUNT", None), parts.pop("UNTIL", None)
    if count is not None and until is not None:
        raise BadRecurrence(_l("End the repetition after a number of times or at a date, not both."))
    if "BYDAY" in parts:
        weeks = MOST_WEEKS if frequency == "YEARLY" and "BYMONTH" not in parts else 5  # in which a weekday is counted
        options["byweekday"] = _weekdays(parts.pop("BYDAY"), frequency, weeks)
    for name, (low, high) in NUMBERS.items():
        if name in parts:
            options[name.lower()] = [_number(n, low, high) for n in parts.pop(name).split(",")]
    if "bymonthday" in options and frequency == "WEEKLY":
        raise BadRecurrence(_l("A weekly repetition has weekdays, not days of the month."))
    if "bysetpos" in options and not {"byweekday", "bymonthday", "bymonth"} & options.keys():
        raise BadRecurrence(_l("A position needs the days it counts."))
    if parts:
        raise BadRecurrence(_l("This kind of repetition is not offered: %(name)s.", name=next(iter(parts))[:40]))
    _require_days(options, POSITIONS[frequency])
    return RecurrenceRule(
        options,
        None if count is None else _number(count, 1, COUNT_LIMIT),
        None if until is None else _until(until, zone_name),
    )


def _require_days(options: dict[str, Any], positions: int) -> None:
    """The library looks long for the first of days that never come. Positions that no period has are left out."""
    months = options.get("bymonth") or range(1, 13)
    days = options.get("bymonthday", (1,))
    has_day = any(abs(day) <= MONTH_DAYS[month - 1] for month in months for day in days)
    most = min(positions, _days_at_most(options))
    wanted = [position for position in dict.fromkeys(options.get("bysetpos", (1,))) if abs(position) <= most]
    if not has_day or not wanted:
        raise BadRecurrence(_l("This repetition never happens."))
    if "bysetpos" in options:
        options["bysetpos"] = wanted


def _days_at_most(options: dict[str, Any]) -> int:
    """How many days one period can have at most: every day that is named, in every month or week of it."""
    months = len(set(options["bymonth"])) if "bymonth" in options else 12
    is_year = options["freq"] == rrule.YEARLY
    found = []
    if "byweekday" in options:
        weeks = {rrule.WEEKLY: 1, rrule.MONTHLY: 5, rrule.YEARLY: 5 * months if "bymonth" in options else MOST_WEEKS}
        each = weeks.get(options["freq"], 1)
        named = months if is_year and "bymonth" in options else 1
        found.append(sum(each if day.n is None else named for day in set(options["byweekday"])))
    if "bymonthday" in options:
        found.append(len(set(options["bymonthday"])) * (months if is_year else 1))
    return min(found) if found else (months if is_year else 1)


def _parts(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in text.upper().split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value or name in parts or not re.fullmatch(r"[A-Z]+", name):
            raise BadRecurrence(_l("The repetition cannot be read. Write it like FREQ=WEEKLY;BYDAY=TU."))
        parts[name] = value
    return parts


def _number(text: str, low: int, high: int) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,4}", text) or not low <= int(text) <= high or int(text) == 0:
        raise BadRecurrence(_l("A number of the repetition is out of range: %(number)s.", number=text[:20]))
    return int(text)


def _weekday_start(text: str) -> Any:
    if text not in WEEKDAYS:
        raise BadRecurrence(_l("There is no such weekday: %(day)s.", day=text[:20]))
    return WEEKDAYS[text]


def _weekdays(text: str, frequency: str, weeks: int) -> list[Any]:
    days = []
    for part in text.split(","):
        match = re.fullmatch(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)", part)
        if match is None:
            raise BadRecurrence(_l("There is no such weekday: %(day)s.", day=part[:20]))
        position, day = match.groups()
        if position is None:
            days.append(WEEKDAYS[day])
        elif frequency in ("MONTHLY", "YEARLY"):
            days.append(WEEKDAYS[day](_number(position, -weeks, weeks)))
        else:
            raise BadRecurrence(_l("“Second Tuesday” needs a monthly repetition."))
    if any(day.n is None for day in days) and any(day.n is not None for day in days):
        # "Every Monday, and the second Tuesday": the library would want days that are both.
        return [one for day in days for one in ([day] if day.n is not None else map(day, range(1, weeks + 1)))]
    return days


def _until(text: str, zone_name: str) -> datetime:
    match = re.fullmatch(r"([0-9]{8})(?:T([0-9]{6})(Z?))?", text)
    try:
        if match is None:
            raise ValueError(text)
        day, clock, is_utc = match.groups()
        if clock is None:
            return datetime.combine(datetime.strptime(day, "%Y%m%d").date(), time(23, 59, 59))  # noqa: DTZ007
        moment = datetime.strptime(day + clock, "%Y%m%d%H%M%S")  # noqa: DTZ007
        return moment.replace(tzinfo=UTC).astimezone(zone_of(zone_name)).replace(tzinfo=None) if is_utc else moment
    except (ValueError, OverflowError) as error:
        raise BadRecurrence(_l("The end date of the repetition cannot be read.")) from error


@dataclass(frozen=True, slots=True)
class Span:
    """One time of a repetition, as moments. `on` is its local date."""

    start: datetime
    end: datetime
    on: date


def spans(
    rule: RecurrenceRule,
    starts_at: datetime,
    ends_at: datetime,
    zone_name: str,
    after: datetime | None = None,
) -> Iterator[Span]:
    """The times of a repetition, in order, that end after `after` (all when None).

    Start and end keep their wall time across clock changes. A span whose moved start would pass its end keeps its
    length instead. One per local date, also where a zone skipped a whole day.
    """
    zone = zone_of(zone_name)
    first, last = (moment.astimezone(zone).replace(tzinfo=None, fold=0) for moment in (starts_at, ends_at))
    previous: date | None = None
    for wall in rule.walls(first):
        start, end = to_utc(wall, zone_name), to_utc(wall + (last - first), zone_name)
        if end <= start:
            end = start + (ends_at - starts_at)
        on = start.astimezone(zone).date()
        if on == previous:
            continue
        previous = on
        if after is None or end > after:
            yield Span(start, end, on)
