"""When the owner of an action is reminded: two days before, on the day, and each week after until it is done."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

AT = time(8)  # on the owner's wall
BEFORE, AFTER = timedelta(days=2), timedelta(days=7)


def next_reminder(due_on: date, zone: str, after: datetime) -> datetime:
    """The first reminder later than `after`, at eight in the morning of the owner's zone."""
    for day in (due_on - BEFORE, due_on):
        if (at := _at(day, zone)) > after:
            return at
    weeks = max(1, (after.date() - due_on).days // AFTER.days)
    while (at := _at(due_on + weeks * AFTER, zone)) <= after:
        weeks += 1
    return at


def _at(day: date, zone: str) -> datetime:
    try:
        known = ZoneInfo(zone or "UTC")
    except (KeyError, ValueError, OSError):
        known = ZoneInfo("UTC")
    return datetime.combine(day, AT, known).astimezone(UTC)
