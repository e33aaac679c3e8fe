"""The hash chain over the audit log: what a seal covers, and what a broken chain says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

ALARM = "alarm"  # the kind of object of entries that say that a budget is used up
START = "0" * 64
# Entries become visible when their transaction commits. One that is sealed much later than what was written after it
# did not come from a transaction.
LATEST = timedelta(minutes=15)


class Finding(StrEnum):
    altered = "altered"
    deleted = "deleted"
    inserted = "inserted"
    chain = "chain"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that nobody may do to the log. `entry_id` is that of the entry, as far as it is known."""

    finding: Finding
    entry_id: int
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a check. `head` is the newest hash: written down elsewhere, it proves that nothing was cut off."""

    problems: tuple[Problem, ...]
    sealed: int
    unsealed: int
    head: str
    knows_anchor: bool | None  # None: no anchor was given

    @property
    def is_good(self) -> bool:
        return not self.problems and self.knows_anchor is not False


def chain_hash(previous: str, values: Mapping[str, Any]) -> str:
    """The seal of an entry: SHA-256 over the seal before it and every column, in a form that both databases give."""
    plain = {
        name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }
    text = json.dumps([previous, plain], sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def is_late(at: datetime, newest: datetime | None) -> bool:
    """Whether an entry from `at` came too late after one from `newest` to be from a transaction that was running."""
    return newest is not None and newest - at > LATEST
