"""Who hears of an end, or of another time, in another way than by the notice plan, which a room above knows."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

FindHearers = Callable[[int, Collection[int], datetime], set[int]]
FindCorrected = Callable[[int, Collection[int]], set[int]]
_of_end: list[FindHearers] = []
_of_times: list[FindCorrected] = []


def offer_hearers(of_end: FindHearers, of_times: FindCorrected) -> None:
    """Say which of these people are told anyway: `of_end(announcement_id, user_ids, ended_at)` that it is over,
    `of_times(announcement_id, user_ids)` when it should be.
    """
    if of_end not in _of_end:
        _of_end.append(of_end)
        _of_times.append(of_times)


def hear_of_end(announcement_id: int, user_ids: Collection[int], ended_at: datetime) -> set[int]:
    """Those of these people who need no other mail about this end."""
    return {id for find in _of_end for id in find(announcement_id, user_ids, ended_at)}


def hear_of_times(announcement_id: int, user_ids: Collection[int]) -> set[int]:
    """Those of these people who need no other mail about another estimate."""
    return {id for find in _of_times for id in find(announcement_id, user_ids)}
