"""Hashing and checking of passwords, away from the event loop, and the list of those that everybody tries first."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app

from helpdesk.accounts.rules import PASSWORD_LIMIT, fold

T = TypeVar("T")
_at_once = threading.BoundedSemaphore(4)  # each takes 19 MiB and one core for a while


@lru_cache(maxsize=2)
def _hasher(is_cheap: bool) -> PasswordHasher:
    if is_cheap:
        return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    return PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP's second choice of Argon2id


def _present_hasher() -> PasswordHasher:
    return _hasher(bool(current_app.config.get("TESTING")))


def _aside(work: Callable[[], T]) -> T:
    """Run the slow work in a real thread under gevent: hashing in the loop would stall everybody."""

    def limited() -> T:
        with _at_once:
            return work()

    monkey = sys.modules.get("gevent.monkey")
    if monkey is not None and monkey.is_module_patched("threading"):
        from gevent import get_hub

        result: T = get_hub().threadpool.apply(work)  # the pool itself is the limit
        return result
    return limited()


def hash_password(password: str) -> str:
    """The Argon2id hash to store."""
    hasher = _present_hasher()
    return _aside(lambda: hasher.hash(password))


@lru_cache(maxsize=2)
def _nobody(hasher: PasswordHasher) -> str:
    return _aside(lambda: hasher.hash("a password that nobody has"))


def is_password(stored: str | None, password: str) -> bool:
    """Whether this is the password. Takes as long when there is none stored, so that nobody learns who exists."""
    hasher = _present_hasher()
    known = stored or _nobody(hasher)
    typed = password[: PASSWORD_LIMIT + 1]

    def verify() -> bool:
        try:
            return hasher.verify(known, typed)
        except (VerificationError, InvalidHashError):
            return False

    return _aside(verify) and stored is not None


def needs_upgrade(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than those of today."""
    return _present_hasher().check_needs_rehash(stored)


@lru_cache(maxsize=1)
def common_passwords() -> frozenset[str]:
    """Well-known passwords of twelve and more characters, folded. Shorter ones are refused for their length."""
    text = (Path(__file__).parent / "common_passwords.txt").read_text("utf-8")
    return frozenset(fold(line) for line in text.splitlines() if line)
