"""Availability of one service: overlapping outages count once, the heaviest effect counts, maintenance stands apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from plugins.outage_notice.announcements.rules import Effect

# How much of the time counts as down.
WEIGHTS: Mapping[Effect, float] = {
    Effect.major_outage: 1.0,
    Effect.partial_outage: 0.3,
    Effect.degraded_performance: 0.0,
}


@dataclass(frozen=True, slots=True)
class Outage:
    """One stretch of time with one effect."""

    start: datetime
    end: datetime
    effect: Effect


@dataclass(frozen=True, slots=True)
class Availability:
    """`down` is weighted; `slow` and `maintenance` are times of their own, `total` the whole stretch looked at."""

    total: timedelta
    down: timedelta
    affected: timedelta  # any unplanned effect, not weighted
    maintenance: timedelta  # planned, where nothing unplanned was going on

    @property
    def share(self) -> float | None:
        """Of the time, from 0 to 1; None when there was no time."""
        return 1 - self.down / self.total if self.total else None


def availability(outages: Iterable[Outage], start: datetime, end: datetime) -> Availability:
    """What one service had between two moments. At each moment the heaviest effect counts, once."""
    clipped = [
        Outage(max(o.start, start), min(o.end, end), o.effect) for o in outages if o.start < end and o.end > start
    ]
    clipped = [o for o in clipped if o.start < o.end]
    changes = sorted(
        [(o.start, 1, o.effect) for o in clipped] + [(o.end, -1, o.effect) for o in clipped], key=lambda c: c[0]
    )
    running: dict[Effect, int] = {}
    down = affected = maintenance = timedelta()
    at = start
    for moment, step, effect in changes:
        weights = [WEIGHTS[e] for e, n in running.items() if n and e in WEIGHTS]
        length = moment - at
        if weights:
            down, affected = down + max(weights) * length, affected + length
        elif running.get(Effect.under_maintenance):
            maintenance += length
        running[effect] = running.get(effect, 0) + step
        at = moment
    return Availability(max(end - start, timedelta()), down, affected, maintenance)
