"""What the figures of outages say for each month and each department."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from plugins.outage_notice.reviews.rules.figures import percentile
from plugins.outage_notice.reviews.rules.months import Month
from plugins.outage_notice.reviews.rules.vocabulary import Cause


class Row(Protocol):
    """One outage. Times in minutes; None: not known, or not over. `departments`: those it concerned, by id."""

    @property
    def month(self) -> Month: ...
    @property
    def departments(self) -> frozenset[int]: ...
    @property
    def cause(self) -> Cause | None: ...
    @property
    def to_notice(self) -> float | None: ...
    @property
    def to_tell(self) -> float | None: ...
    @property
    def to_resolve(self) -> float | None: ...
    @property
    def promises_kept(self) -> int: ...
    @property
    def promises(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and 90th percentile of `count` values, in minutes."""

    median: float | None
    p90: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Some outages together. `causes`: how many of each kind, the most frequent first; None: no review says it."""

    outages: int
    to_notice: Spread
    to_tell: Spread
    to_resolve: Spread
    promises_kept: int
    promises: int
    causes: Mapping[Cause | None, int]


def figures_of(rows: Sequence[Row]) -> Figures:
    causes = Counter(row.cause for row in rows)
    return Figures(
        outages=len(rows),
        to_notice=_spread(row.to_notice for row in rows),
        to_tell=_spread(row.to_tell for row in rows),
        to_resolve=_spread(row.to_resolve for row in rows),
        promises_kept=sum(row.promises_kept for row in rows),
        promises=sum(row.promises for row in rows),
        causes=dict(sorted(causes.items(), key=lambda item: (item[0] is None, -item[1], str(item[0])))),
    )


def _spread(values: Iterable[float | None]) -> Spread:
    known = [value for value in values if value is not None]
    return Spread(percentile(known, 0.5), percentile(known, 0.9), len(known))


def by_month(rows: Sequence[Row], months: Iterable[Month]) -> dict[Month, Figures]:
    """The figures of each month, also of those in which nothing began."""
    return {month: figures_of([row for row in rows if row.month == month]) for month in months}


def by_department(rows: Sequence[Row], departments: Iterable[int]) -> dict[int, Figures]:
    """The figures of each department. What concerned two counts for both."""
    return {id: figures_of([row for row in rows if id in row.departments]) for id in departments}
