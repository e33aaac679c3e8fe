"""Wall times and zones: what the author meant, as a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l

FIRST_YEAR, LAST_YEAR = 2000, 2100


class BadTime(ValueError):
    """A zone that does not exist, or a time outside of the years that make sense here. `message` is for people."""

    def __init__(self, message: object) -> None:
        super().__init__(message)
        self.message = message


@lru_cache(maxsize=256)
def zone_of(name: str) -> ZoneInfo:
    """The IANA time zone called `name`. Raises BadTime."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise BadTime(_l("Choose a time zone such as Europe/Madrid.")) from error


def to_utc(value: datetime, zone_name: str) -> datetime:
    """The moment of a wall time in a zone, or of an aware time. Raises BadTime.

    A wall time that does not exist moves forward by the gap; one that exists twice is the first. (PEP 495: both are
    what fold=0 means.)
    """
    zone = zone_of(zone_name)
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise BadTime(_l("Choose a year from %(first)s to %(last)s.", first=FIRST_YEAR, last=LAST_YEAR))
    if value.tzinfo is None:
        value = value.replace(tzinfo=zone, fold=0)
    return value.astimezone(UTC)


def wall_time(moment: datetime, zone_name: str) -> datetime:
    """What a clock on the wall of the zone shows at the moment, without zone."""
    return moment.astimezone(zone_of(zone_name)).replace(tzinfo=None, fold=0)


def wall_text(value: datetime, zone_name: str) -> str:
    """The wall time as the author meant it, as it is kept: "2026-03-12T20:00"."""
    wall = value if value.tzinfo is None else wall_time(value, zone_name)
    return wall.isoformat(timespec="minutes" if not wall.second and not wall.microsecond else "seconds")


def offset_change_within(start: datetime, end: datetime, zone_name: str) -> timedelta:
    """By how much the zone's clock changes between two moments; zero mostly. The composer says so."""
    zone = zone_of(zone_name)
    before, after = start.astimezone(zone).utcoffset(), end.astimezone(zone).utcoffset()
    return (after or timedelta()) - (before or timedelta())
