"""When to try again, and when a job or a worker is late."""

from __future__ import annotations

from datetime import datetime, timedelta

STALE_SECONDS = 5
BEAT_SECONDS = 2
AHEAD_SECONDS = 10  # by so much may the clock of a worker's machine be ahead of ours
LONGEST_WAIT_SECONDS = 3600


def wait_seconds(attempts: int, jitter: float) -> float:
    """How long to wait after the `attempts`-th failure: 1, 4, 16 s … one hour, changed by up to a fifth.

    `jitter` lies between 0 and 1; it spreads what failed together.
    """
    seconds: float = min(4 ** min(attempts - 1, 10), LONGEST_WAIT_SECONDS)
    return seconds * (0.8 + 0.4 * jitter)


def is_due(last: datetime | None, now: datetime, every_seconds: int) -> bool:
    """Whether to ask a job. A clock that was set back makes everything due: waiting could take hours."""
    return last is None or now < last or now - last >= timedelta(seconds=every_seconds)


def is_stale(at: datetime | None, now: datetime) -> bool:
    """Whether a sign of life from `at` is too old."""
    return at is None or now - at > timedelta(seconds=STALE_SECONDS)


def newest_believed(now: datetime) -> datetime:
    """Signs of life later than this were given before the clock was set back: they say nothing about now."""
    return now + timedelta(seconds=AHEAD_SECONDS)
