"""Who hears of an end in another way than by the notice plan, which a room above knows."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

FindHearers = Callable[[int, Collection[int], datetime], set[int]]
_found_by: list[FindHearers] = []


def offer_hearers(find: FindHearers) -> None:
    """Say which of these people are told of the end anyway: `find(announcement_id, user_ids, ended_at)`."""
    if find not in _found_by:
        _found_by.append(find)


def hearers(announcement_id: int, user_ids: Collection[int], ended_at: datetime) -> set[int]:
    """Those of these people who need no other mail about this end."""
    found: set[int] = set()
    for find in _found_by:
        found |= find(announcement_id, user_ids, ended_at)
    return found
