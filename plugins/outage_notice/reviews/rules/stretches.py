"""When an outage was on, and how heavily: by its timeline. What ended and was reopened was off in between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from plugins.outage_notice.announcements.rules import Effect
from plugins.outage_notice.reviews.rules.availability import Outage

Effects = Mapping[int, Effect]  # by service
Stretch = tuple[datetime, datetime]


class TurnKind(StrEnum):
    ended = "ended"
    undone = "undone"  # the end before it did not happen
    reopened = "reopened"
    changed = "changed"  # the effects on services


@dataclass(frozen=True, slots=True)
class Turn:
    """One moment of a timeline. `at`: when it really was, of an end. `former` and `effects` of a change: before and
    from then on; None: not known.
    """

    at: datetime
    kind: TurnKind
    effects: Effects | None = None
    former: Effects | None = None


def stretches_of(
    started_at: datetime | None, ended_at: datetime | None, turns: Iterable[Turn], until: datetime
) -> tuple[Stretch, ...]:
    """When it was on, in order. `ended_at`: what the record says of its last end (None: it goes on, here `until`).

    Without turns, or with turns that contradict the record: from its start to its end.
    """
    if started_at is None:
        return ()
    found: list[Stretch] = []
    since: datetime | None = started_at
    for turn in turns:
        if turn.kind is TurnKind.ended and since is not None:
            found.append((since, max(turn.at, since)))
            since = None
        elif turn.kind is TurnKind.undone and since is None:
            since = found.pop()[0]
        elif turn.kind is TurnKind.reopened and since is None:
            since = turn.at
    if since is not None:
        found.append((since, max(ended_at or until, since)))
    elif ended_at is None:
        return ((started_at, max(until, started_at)),)
    else:
        found[-1] = found[-1][0], max(ended_at, found[-1][0])
    return tuple(found)


def time_on(stretches: Iterable[Stretch]) -> timedelta:
    return sum((end - start for start, end in stretches), timedelta())


def effects_over_time(turns: Sequence[Turn], present: Effects) -> tuple[tuple[datetime | None, Effects], ...]:
    """The effects, each from its moment on; the first from the very start. Unknown ones are those of the record."""
    changes = [turn for turn in turns if turn.kind is TurnKind.changed and turn.effects is not None]
    if not changes:
        return ((None, present),)
    first = changes[0]
    if first.former is None:  # its publication: what it said then was so from the start
        return ((None, first.effects or {}), *((turn.at, turn.effects or {}) for turn in changes[1:]))
    return ((None, first.former), *((turn.at, turn.effects or {}) for turn in changes))


def outages_of(
    stretches: Iterable[Stretch], effects: Sequence[tuple[datetime | None, Effects]]
) -> dict[int, list[Outage]]:
    """What each service had: the stretches, cut where its effect changed."""
    found: dict[int, list[Outage]] = {}
    ends = [at for at, _effects in effects[1:]]
    for start, end in stretches:
        for (since, by_service), until in zip(effects, [*ends, None], strict=True):
            first, last = max(since or start, start), min(until or end, end)
            if first < last:
                for service_id, effect in by_service.items():
                    found.setdefault(service_id, []).append(Outage(first, last, effect))
    return found
