"""Rate limits, by person when somebody is signed in, else by address."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import Flask, current_app, request
from flask_limiter import Limiter

from helpdesk.config import Settings
from helpdesk.core.addresses import network_of
from helpdesk.core.clock import SystemClock
from helpdesk.web.access import find_viewer
from helpdesk.web.counting import ProcessStorage

# Whole offices share one address, so what needs no sign-in is allowed generously.
READS_PER_PERSON = "1200/minute"
READS_PER_ADDRESS = "12000/minute"
WRITES_PER_PERSON = "300/minute"
WRITES_PER_ADDRESS = "3000/minute"
F = TypeVar("F", bound=Callable[..., Any])


def _who() -> str:
    viewer = find_viewer()
    return f"user:{viewer.id}" if viewer else f"address:{network_of(request.remote_addr)}"


def _class_of_request() -> str:
    reads = request.method in ("GET", "HEAD", "OPTIONS")
    if find_viewer():
        return READS_PER_PERSON if reads else WRITES_PER_PERSON
    return READS_PER_ADDRESS if reads else WRITES_PER_ADDRESS


limiter = Limiter(
    _who,
    application_limits=[_class_of_request],
    in_memory_fallback_enabled=True,
    swallow_errors=True,
    strategy="fixed-window",
    headers_enabled=False,
)


@limiter.request_filter
def _not_counted() -> bool:
    """Static files and checks by monitoring do not count; tests switch counting on where they are about it."""
    if current_app.testing and not current_app.config["RATELIMIT_ENABLED"]:
        return True
    return (request.endpoint or "").rpartition(".")[2] in ("static", "healthz", "readyz", "metrics")


def init_limits(app: Flask) -> None:
    settings: Settings = app.extensions["helpdesk"].settings
    url = settings.redis_url or f"{ProcessStorage.STORAGE_SCHEME[0]}://"
    app.config["RATELIMIT_STORAGE_URI"] = re.sub(r"^unix:", "redis+unix:", url)  # as that library calls it
    if settings.redis_url:  # no page waits for a Redis that hangs: this process then counts on its own
        app.config["RATELIMIT_STORAGE_OPTIONS"] = {"socket_connect_timeout": 1, "socket_timeout": 1}
    limiter.init_app(app)


def limit(rate: str) -> Callable[[F], F]:
    """At most so many calls of this view, such as "30/minute", per person or address. Beyond: 429, Retry-After."""
    return cast(Callable[[F], F], limiter.limit(rate))


def seconds_until_free() -> int:
    """How long the one who was just refused should wait."""
    broken = limiter.current_limit
    if broken is None:
        return 60
    return max(1, round(broken.reset_at - SystemClock().now().timestamp()))
