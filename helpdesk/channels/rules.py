"""How a channel is named without telling its address, and for how long a message is of use."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from helpdesk.core.notifying import scheme_of

# Whom a message of this morning calls in the evening is called for nothing.
OF_USE_FOR = timedelta(hours=6)
LONGEST_TITLE = 200
LONGEST_TEXT = 1000


@dataclass(frozen=True, slots=True)
class Channel:
    """One address of the settings. `key` names it in the outbox; it stays the same while the address does."""

    key: str
    number: int  # its place among the addresses, from 1
    scheme: str
    address: str


def channels_of(addresses: Iterable[str], secret_key: str) -> tuple[Channel, ...]:
    return tuple(
        Channel(_key_of(address, secret_key), number, scheme_of(address), address)
        for number, address in enumerate(addresses, 1)
    )


def _key_of(address: str, secret_key: str) -> str:
    return hmac.digest(secret_key.encode(), f"channel:{address}".encode(), hashlib.sha256).hex()[:16]


def one_line(text: str) -> str:
    return " ".join(text.split())
