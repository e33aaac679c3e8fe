"""Waiting for something outside of this process: a condition is polled, time itself is never waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T], what: str, timeout: float = 20.0, every: float = 0.05) -> T:
    """The first truthy value of `condition()`. Raises TimeoutError that names `what` after `timeout` seconds."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"waited {timeout:g} s for: {what}")
        time.sleep(every)
