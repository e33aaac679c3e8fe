"""Months as reports are asked for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

MONTHS_LIMIT = 24
DEFAULT_MONTHS = 6
_MONTH = re.compile(r"^(20\d\d)-(0[1-9]|1[0-2])$")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    def plus(self, months: int) -> Month:
        index = self.year * 12 + self.number - 1 + months
        return Month(index // 12, index % 12 + 1)

    def start(self, zone: ZoneInfo) -> datetime:
        """Its first moment in this zone, as UTC."""
        return datetime(self.year, self.number, 1, tzinfo=zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class MonthRange:
    """From the first to the last month, both included."""

    first: Month
    last: Month

    @property
    def months(self) -> list[Month]:
        count = (self.last.year - self.first.year) * 12 + self.last.number - self.first.number + 1
        return [self.first.plus(n) for n in range(count)]

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """From the first moment of the first month to the first moment after the last."""
        return self.first.start(zone), self.last.plus(1).start(zone)


def month_of(moment: datetime, zone: ZoneInfo) -> Month:
    local = moment.astimezone(zone)
    return Month(local.year, local.month)


def read_month(text: str) -> Month | None:
    """A month such as "2026-03", or None for anything else."""
    found = _MONTH.match(text)
    return Month(int(found[1]), int(found[2])) if found else None


def read_range(first: str, last: str, now: datetime, zone: ZoneInfo) -> MonthRange:
    """The wanted months: the last six without a wish, never more than two years, never the wrong way round."""
    end = read_month(last) or month_of(now, zone)
    start = read_month(first) or end.plus(1 - DEFAULT_MONTHS)
    if start > end:
        start, end = end, start
    return MonthRange(max(start, end.plus(1 - MONTHS_LIMIT)), end)
