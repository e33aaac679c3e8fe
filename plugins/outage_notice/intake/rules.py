"""What an alert says, which service it means, and what it changes: no I/O, the time is an argument."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeVar

from helpdesk.plugin_api import Event
from plugins.outage_notice.announcements.rules import Severity

ALERTS_LIMIT = 500  # of one delivery
LABELS_LIMIT = 64
LABEL_NAME_LIMIT = 100
LABEL_VALUE_LIMIT = 1000
TITLE_LIMIT = 200
DESCRIPTION_LIMIT = 2000
SOURCE_LIMIT = 60
ID_LIMIT = 120
GROUP_LIMIT = 300
MATCHERS_LIMIT = 2000
MATCHER_LINES = 20
RULES_LIMIT = 200

FLAP_CHANGES = 4  # within
FLAP_WINDOW = timedelta(minutes=15)
OLDEST_START = timedelta(hours=24)  # an announcement cannot say an earlier one
SIGNALS_KEPT = timedelta(days=90)


class AlertStatus(StrEnum):
    firing = "firing"
    resolved = "resolved"


class AlertAudience(StrEnum):
    """Who the draft is for: the people of the departments that use the service, all, or nobody yet."""

    service_users = "service_users"
    everyone = "everyone"
    nobody = "nobody"


class Outcome(StrEnum):
    """What became of a received change."""

    opened_draft = "opened_draft"
    updated = "updated"  # noted on the outage or draft that was there
    proposed = "proposed"  # all of its alerts are over: resolution is proposed
    recovered = "recovered"  # over, and others of that outage are not, or there was no outage
    damped = "damped"  # changes too often
    late = "late"  # older than what was known
    no_rule = "no_rule"  # nothing says which service it means


@dataclass(frozen=True, slots=True)
class AlertDraftOpened(Event):
    """An alert opened a draft by a rule that publishes by itself."""

    announcement_id: int
    rule_id: int
    alert_id: int


@dataclass(frozen=True, slots=True)
class Signal:
    """One alert as received. `starts_at` None: the source does not say; `service`: its name or slug, if it knows."""

    source: str
    fingerprint: str
    status: AlertStatus
    title: str
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    group_key: str = ""
    service: str = ""
    severity: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """How the alert was before this signal."""

    status: AlertStatus
    starts_at: datetime


class Change(StrEnum):
    """What a signal means beside what is known."""

    fires = "fires"
    resolves = "resolves"
    nothing = "nothing"  # the same again
    late = "late"  # older than what is known


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on a label. `*` in the value stands for any text; a missing label is an empty one."""

    label: str
    value: str
    is_equal: bool = True

    def holds(self, labels: Mapping[str, str]) -> bool:
        return fits(self.value, labels.get(self.label, "")) is self.is_equal


class BadMatchers(ValueError):
    """A line is no condition. `line` is what was written."""

    def __init__(self, line: str) -> None:
        super().__init__(line)
        self.line = line


class HasMatchers(Protocol):
    @property
    def matchers(self) -> str: ...


R = TypeVar("R", bound=HasMatchers)
_LINE = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]{0,99})\s*(!?=)(.*)")


def read_matchers(text: str) -> tuple[Matcher, ...]:
    """The conditions of a rule, one each line: `label=value`, `label!=value`. Raises BadMatchers."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or len(lines) > MATCHER_LINES:
        raise BadMatchers("")
    found = []
    for line in lines:
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise BadMatchers(line.strip())
        value = match[3].strip().removeprefix('"').removesuffix('"')
        found.append(Matcher(match[1], value, match[2] == "="))
    return tuple(found)


def fits(pattern: str, value: str) -> bool:
    """Whether the value is that of the pattern, in which `*` stands for any text. Takes time as long as they are."""
    first, *rest = pattern.casefold().split("*")
    value = value.casefold()
    if not rest:
        return value == first
    if not value.startswith(first):
        return False
    place = len(first)
    for part in rest[:-1]:
        found = value.find(part, place)
        if found < 0:
            return False
        place = found + len(part)
    return len(value) - place >= len(rest[-1]) and value.endswith(rest[-1])


def find_rule(rules: Iterable[R], labels: Mapping[str, str]) -> R | None:
    """The first rule whose conditions all hold."""
    return next((r for r in rules if all(m.holds(labels) for m in read_matchers(r.matchers))), None)


def change_of(known: Known | None, signal: Signal) -> Change:
    """What a signal changes. A source that says no start has one firing at a time.

    An alert that resolves before its firing was heard is resolved: the firing of the same start is late then.
    """
    if known is None:
        return Change.fires if signal.status is AlertStatus.firing else Change.resolves
    if signal.starts_at is not None and signal.starts_at < known.starts_at:
        return Change.late
    is_same_start = signal.starts_at is None or signal.starts_at == known.starts_at
    if signal.status is known.status and is_same_start:
        return Change.nothing
    if signal.status is AlertStatus.resolved:
        return Change.resolves
    if signal.starts_at is not None and is_same_start:
        return Change.late  # it was over already
    return Change.fires


def latest_changes(changes: Sequence[datetime], now: datetime) -> list[datetime]:
    """The changes that count for flapping, with one more now."""
    return [*(c for c in changes if now - c < FLAP_WINDOW), now][-3 * FLAP_CHANGES :]


def is_flapping(changes: Sequence[datetime], now: datetime) -> bool:
    return sum(now - c < FLAP_WINDOW for c in changes) >= FLAP_CHANGES


_LEVELS = {
    "critical": Severity.critical, "page": Severity.critical, "disaster": Severity.critical,
    "fatal": Severity.critical, "major": Severity.major, "error": Severity.major, "high": Severity.major,
    "minor": Severity.minor, "warning": Severity.minor, "average": Severity.minor, "medium": Severity.minor,
    "info": Severity.notice, "notice": Severity.notice, "low": Severity.notice,
}  # fmt: skip


def level_of(severity: str) -> Severity | None:
    """Our level for the word that monitoring systems use, or None."""
    return _LEVELS.get(severity.strip().casefold())


def plain_time(moment: datetime | None) -> datetime | None:
    """A time as sources mean it: year 1 is Alertmanager's word for none."""
    return None if moment is None or moment.year < 1971 else moment
