"""Boards of people as the plugins give them. When a plugin fails, the last good boards stay and health turns red."""

from __future__ import annotations

from collections.abc import Collection, Set
from datetime import datetime

from helpdesk.hooks.registry import Registry
from helpdesk.hooks.specs import Board, Retirement
from helpdesk.realtime.rules import EMPTY_BOARD, merge_boards


class BoardsFailed(Exception):
    """A plugin raised in its `boards` hook."""


def boards_of(plugins: Registry, user_ids: Set[int], now: datetime) -> dict[int, Board]:
    """The board of each of these people, empty for those nobody has one for. Raises BoardsFailed."""
    if not user_ids:
        return {}
    results = plugins.collect("boards", user_ids=sorted(user_ids), now=now)
    if find_problem(plugins):
        raise BoardsFailed()
    if len(results) == 1:  # one plugin has boards: what it gave is the answer
        given: dict[int, Board] = results[0]
        return given if given.keys() >= user_ids else {i: given.get(i, EMPTY_BOARD) for i in user_ids}
    return {user_id: merge_boards([r[user_id] for r in results if user_id in r]) for user_id in user_ids}


def concerned_by(plugins: Registry, since: int) -> set[int] | None:
    """Whose board may differ by what changed after this feed number, as far as plugins know; None: anybody's."""
    answers = plugins.collect("concerned_people", since=since)
    if len(answers) < plugins.count("boards") or any(answer is None for answer in answers):
        return None
    return {user_id for answer in answers for user_id in answer}


def find_problem(plugins: Registry) -> str | None:
    """Which plugin's boards failed when they were last asked for."""
    failed = [name.rpartition(".")[0] for name in plugins.failures if name.endswith(".boards")]
    return f"no current boards from {', '.join(failed)}" if failed else None


def next_change(plugins: Registry, now: datetime) -> datetime | None:
    """The next moment at which a board changes by the time alone."""
    moments = [moment for moment in plugins.collect("next_board_change", now=now) if moment is not None]
    return min(moments, default=None)


def retirements_of(
    plugins: Registry, user_id: int, banner_ids: Collection[int], now: datetime, seq: int
) -> dict[int, Retirement]:
    """Why each of these banners left the person's board; `not_for_you` where no plugin says."""
    reasons = {banner_id: Retirement(banner_id, seq, "not_for_you") for banner_id in banner_ids}
    for result in plugins.collect("retirements", user_id=user_id, banner_ids=sorted(banner_ids), now=now):
        reasons.update({retirement.id: retirement for retirement in result if retirement.id in reasons})
    return reasons


__all__ = ["EMPTY_BOARD", "BoardsFailed", "boards_of", "find_problem", "next_change", "retirements_of"]
