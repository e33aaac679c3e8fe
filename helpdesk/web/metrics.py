"""Figures for Prometheus. Rooms add their own counters to prometheus_client's default registry.

What is asked for only when somebody looks (how much waits, how old the last tick is) is given by functions that rooms
append to `State.figures`.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Iterable, Iterator
from functools import cache

import structlog
from flask import current_app
from prometheus_client import REGISTRY, Counter, Histogram, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy.pool import QueuePool

from helpdesk.core.database import db

log = structlog.get_logger(__name__)

REQUESTS = Counter("helpdesk_http_requests", "Answered requests.", ["method", "status"])
SECONDS = Histogram("helpdesk_http_request_seconds", "Time from request to answer.", ["endpoint"])

Figures = Callable[[], Iterable[Metric]]


def record_request(endpoint: str | None, method: str, status: int, seconds: float) -> None:
    """Count one answer. Labels are names of our own, never what a client sent."""
    known = method if method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS") else "other"
    REQUESTS.labels(known, str(status)).inc()
    SECONDS.labels(endpoint or "none").observe(seconds)


class _Present:
    """What the present application's rooms say now, in the form that prometheus_client asks for."""

    def collect(self) -> Iterator[Metric]:
        state = current_app.extensions["helpdesk"]
        sources: list[Figures] = [_own_figures, *state.figures]
        for source in sources:
            try:
                yield from list(source())
            except Exception:  # such as a database that is away: the other figures are wanted then more than ever
                log.warning("figures are missing", source=getattr(source, "__qualname__", ""), exc_info=True)


def write_figures() -> bytes:
    """All figures of this process in Prometheus' text format."""
    present: bytes = generate_latest(_Present())
    return generate_latest(REGISTRY) + present


@cache
def _version() -> str:
    return importlib.metadata.version("helpdesk")


def _own_figures() -> Iterator[Metric]:
    build = GaugeMetricFamily("helpdesk_build_info", "1, with the program's version.", labels=["version"])
    build.add_metric([_version()], 1)
    yield build
    yield _checks()
    if isinstance(db.engine.pool, QueuePool):
        yield _pool(db.engine.pool)


def _checks() -> Metric:
    state = current_app.extensions["helpdesk"]
    about = "1 while a check of /readyz fails; degraded ones keep nobody away."
    family = GaugeMetricFamily("helpdesk_check_failing", about, labels=["check", "kind"])
    for kind, checks in (("needed", state.health), ("degraded", state.degraded)):
        for name, check in checks.items():
            try:
                is_failing = check() is not None
            except Exception:  # /readyz writes down why
                is_failing = True
            family.add_metric([name, kind], float(is_failing))
    return family


def _pool(pool: QueuePool) -> Metric:
    family = GaugeMetricFamily("helpdesk_db_connections", "Connections of the pool to the database.", labels=["state"])
    family.add_metric(["in_use"], pool.checkedout())
    family.add_metric(["idle"], pool.checkedin())
    family.add_metric(["limit"], pool.size() + pool._max_overflow)
    return family
