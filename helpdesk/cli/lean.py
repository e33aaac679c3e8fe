"""Starts without what libraries would take along for uses that this program does not have.

structlog draws tracebacks by rich, and Socket.IO has a client of its own and managers for other brokers. Each tries
whether those libraries are there; what it would import of them is a third of the time until `helpdesk serve` answers.
gevent asks every installed package whether it has a say in each single thing that is patched.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import metadata

PASSED_OVER = {
    "structlog": ("rich",),
    "socketio": ("redis", "valkey", "requests", "websocket"),
}


@contextmanager
def passed_over(*names: str) -> Iterator[None]:
    """Let these libraries seem missing for a while. What was imported before stays."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None makes an import fail
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)


def patch_by_gevent() -> None:
    """Patch the standard library; the packages are asked once for each kind of question."""
    from gevent import monkey

    ask = metadata.entry_points
    metadata.entry_points = cache(ask)  # type: ignore[assignment]
    try:
        monkey.patch_all()
    finally:
        metadata.entry_points = ask


def import_lean() -> None:
    """Import the libraries above. To be called before anything else imports them, and after gevent has patched."""
    for library, names in PASSED_OVER.items():
        with passed_over(*names):
            importlib.import_module(library)
