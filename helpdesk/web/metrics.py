"""Figures for Prometheus. Rooms add their own counters to prometheus_client's default registry."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

REQUESTS = Counter("helpdesk_http_requests", "Answered requests.", ["method", "status"])
SECONDS = Histogram("helpdesk_http_request_seconds", "Time from request to answer.", ["endpoint"])


def record_request(endpoint: str | None, method: str, status: int, seconds: float) -> None:
    """Count one answer. Labels are names of our own, never what a client sent."""
    known = method if method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS") else "other"
    REQUESTS.labels(known, str(status)).inc()
    SECONDS.labels(endpoint or "none").observe(seconds)
