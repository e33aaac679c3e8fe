"""From the course of an announcement to its promises: each judged by what held at the time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise

from plugins.outage_notice.announcements.rules import Kind
from plugins.outage_notice.response.rules.promises import Course, Estimate, Message, Move, Promise, PromiseKind, Targets

LevelTargets = Mapping[int, Targets]


def promises_of_course(course: Course, targets: LevelTargets) -> list[Promise]:
    """What was and is promised, by due time, with the targets of each level. Each update is one promise; open ones
    have no `kept_at`.
    """
    found = [*_updates(course, targets), *_end(course)]
    if course.kind is Kind.incident:
        found += [*_first(course, targets), *_response(course, targets), *_eta(course), *_resolution(course, targets)]
    return sorted(found, key=lambda promise: (promise.due_at, promise.kind))


def _after(moment: datetime, minutes: int) -> datetime:
    return moment + timedelta(minutes=minutes)


def _first(course: Course, targets: LevelTargets) -> Iterator[Promise]:
    """By the level with which it was first shown: another one later is no news to those who were told."""
    minutes = targets.get(course.first_level, Targets()).first_message_minutes
    if course.started_at is None or minutes is None:
        return
    yield Promise(PromiseKind.first_message, _after(course.started_at, minutes), course.shown_at)


def _response(course: Course, targets: LevelTargets) -> Iterator[Promise]:
    """Where nobody was called nobody was asked: that is no promise, and none that was kept."""
    if course.shown_at is None or not course.was_called:
        return
    answered_at = course.answered_at
    if answered_at is None and not course.is_live:
        answered_at = course.ended_at
    wanted = {level: one.response_minutes for level, one in targets.items()}
    yield from _by_level(course, PromiseKind.response, course.shown_at, answered_at, wanted)


def _by_level(
    course: Course, kind: PromiseKind, begin: datetime, done_at: datetime | None, wanted: Mapping[int, int | None]
) -> Iterator[Promise]:
    """One promise that each level makes anew from when it was given, unless it was kept before.

    A promise whose time had come is missed and stays; one that was still open is replaced, by a stricter level never
    with a later time.
    """
    due: datetime | None = None
    level = course.first_level
    minutes = wanted.get(level)
    due = None if minutes is None else _after(begin, minutes)
    for at, following in course.raised:
        if done_at is not None and done_at <= at:
            break
        if due is not None and due <= at:
            yield Promise(kind, due, done_at)
            due = None
        due = _replaced(due, at, wanted.get(following), is_stricter=following < level)
        level = following
    if due is not None:
        yield Promise(kind, due, done_at)


def _replaced(due: datetime | None, at: datetime, minutes: int | None, *, is_stricter: bool) -> datetime | None:
    """When what was due then is due after another level was given at this moment."""
    new = None if minutes is None else _after(at, minutes)
    if not is_stricter or due is None:
        return new
    return due if new is None else min(due, new)


def _updates(course: Course, targets: LevelTargets) -> Iterator[Promise]:
    for index, message in enumerate(course.messages):
        if message.ends:
            continue
        following = next(iter(course.messages[index + 1 :]), None)
        if following is not None:
            yield from _until_next(course, targets, message, following.at)
        elif course.is_live:
            yield from _until_next(course, targets, message, None)
        # else it was called off by the clock: nobody waits for a word


def _until_next(course: Course, targets: LevelTargets, message: Message, next_at: datetime | None) -> Iterator[Promise]:
    """What one message promised for the next one, as it was moved and as levels changed until then."""
    told, level = message.promised_at, course.level_at(message.at)

    def by_level(since: datetime) -> datetime | None:
        minutes = targets.get(level, Targets()).update_minutes if course.kind is Kind.incident else None
        return None if minutes is None else _after(since, minutes)

    due = told or by_level(message.at)
    for at, move, given in _changes(course, message, next_at):
        is_missed = due is not None and due <= at
        if move is not None:
            if due is not None and is_missed:
                yield Promise(PromiseKind.update, due, next_at if move.is_silent else at)
            told, due = move.promised_at, move.promised_at or by_level(at)
        elif not is_missed:
            was, level = level, given
            if told is None:
                new = by_level(at)
                due = min(due, new) if due is not None and new is not None and level < was else new
    if next_at is None and told != course.next_update_at:
        due = course.next_update_at or by_level(message.at)
    if due is not None:
        yield Promise(PromiseKind.update, due, next_at)


def _changes(course: Course, message: Message, next_at: datetime | None) -> list[tuple[datetime, Move | None, int]]:
    """What changed between two messages, in order: the time was moved, or another level was given."""
    moved: list[tuple[datetime, Move | None, int]] = [(move.at, move, 0) for move in message.moves]
    given: list[tuple[datetime, Move | None, int]] = [
        (at, None, level) for at, level in course.raised if message.at < at and (next_at is None or at < next_at)
    ]
    return sorted([*moved, *given], key=lambda change: change[0])


def _eta(course: Course) -> Iterator[Promise]:
    """The one that stands now, and each former one whose time had come when another took its place."""
    if course.shown_at is None:
        return
    for former, following in pairwise(course.estimates):
        if former.eta is not None and former.eta < following.at:
            yield Promise(PromiseKind.eta, former.eta, _settled_at(course, former, following))
    if course.eta is not None:
        if course.is_live:
            yield Promise(PromiseKind.eta, course.eta)
        elif course.ended_at is not None:
            yield Promise(PromiseKind.eta, course.eta, course.ended_at)


def _settled_at(course: Course, former: Estimate, following: Estimate) -> datetime | None:
    """When it was over, if that was before the other estimate; else when people heard of that: by a silent edit only
    with the next word.
    """
    ended = next((m.at for m in course.messages if m.ends and former.at <= m.at < following.at), None)
    if ended is not None or not following.is_silent:
        return ended or following.at
    said = next((message.at for message in course.messages if message.at > following.at), None)
    return said or (None if course.is_live else course.ended_at)


def _end(course: Course) -> Iterator[Promise]:
    """While it runs, the end that people were told last; looking back, the one that was planned."""
    if course.kind is not Kind.maintenance or course.planned_end_at is None or course.repeats:
        return
    if course.is_live:
        yield Promise(PromiseKind.end, course.eta or course.planned_end_at)
    elif course.ended_at is not None:
        yield Promise(PromiseKind.end, course.planned_end_at, course.ended_at)


def _resolution(course: Course, targets: LevelTargets) -> Iterator[Promise]:
    if course.started_at is None or course.shown_at is None or not (course.is_live or course.ended_at is not None):
        return
    wanted = {level: one.resolution_minutes for level, one in targets.items()}
    done_at = None if course.is_live else course.ended_at
    yield from _by_level(course, PromiseKind.resolution, course.started_at, done_at, wanted)
