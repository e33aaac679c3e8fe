"""How often what failed is tried again, and after which pause."""

from __future__ import annotations

from datetime import timedelta

ATTEMPTS = 6


def pause_before_retry(attempts: int) -> timedelta:
    return timedelta(seconds=4.0**attempts)
