"""Keeps file descriptors for pages: when few are left, new sockets are refused, and their pages poll instead."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from typing import Any

LEAST_RESERVE, MOST_RESERVE = 96, 512  # for requests, the database, uploads and the program itself
RETRY_SECONDS = (5, 15)  # spread, so that not all come back at once


def raise_limit() -> int:
    """Take as many file descriptors as the system allows this process. The limit; 0 where there is none to ask."""
    if sys.platform == "win32":
        return 0
    import resource

    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError):
        pass  # some systems name a hard limit that they do not grant
    return descriptors()


def descriptors() -> int:
    """How many file descriptors this process may have open; 0 where that is not known."""
    if sys.platform == "win32":
        return 0
    import resource

    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def most_sockets(limit: int) -> int:
    """How many sockets leave enough descriptors for the rest; 0 means that there is no limit."""
    reserve = min(max(LEAST_RESERVE, limit // 8), MOST_RESERVE, limit // 2)
    return max(0, limit - reserve)


class Capacity:
    """Stands before the socket server and answers 503 to a handshake that would take a page's descriptor."""

    def __init__(self, sockets: Any, count: Callable[[], int]) -> None:
        self._sockets, self._count = sockets, count

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        most = most_sockets(descriptors())
        if most and self._count() >= most:
            body = b"Too many connections"
            headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
            headers += [("Retry-After", str(random.randint(*RETRY_SECONDS))), ("Cache-Control", "no-store")]
            headers += [("X-Content-Type-Options", "nosniff"), ("Content-Security-Policy", "default-src 'none'")]
            start_response("503 Service Unavailable", headers)
            return [body]
        return self._sockets(environ, start_response)
