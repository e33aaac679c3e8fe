"""Levels: which are allowed, which is suggested, and which changes are loud."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Protocol

from plugins.outage_notice.announcements.rules.vocabulary import (
    ANSWER_TICKETS,
    CORRECT_ETA,
    Effect,
    Kind,
    Severity,
    Weight,
)

MANY_PEOPLE = 200
MANY_SHARE = 0.25  # of all people
FEW_PEOPLE = 10
# How long an incident of each level may go without a word, unless somebody promised other times.
UPDATE_EVERY = {Severity.critical: timedelta(minutes=30), Severity.major: timedelta(minutes=60)}


class Levelled(Protocol):
    @property
    def severity(self) -> int: ...
    @property
    def eta(self) -> datetime | None: ...


def severity_allowed(kind: Kind, severity: int, must_confirm: bool) -> bool:
    """Information is level 3 at most; a maintenance is level 1 only when it must be confirmed."""
    if severity not in tuple(Severity):
        return False
    if kind is Kind.information:
        return severity >= Severity.minor
    return not (kind is Kind.maintenance and severity == Severity.critical and not must_confirm)


def suggest_severity(people: int, effects: Iterable[Effect], total: int, kind: Kind = Kind.incident) -> Severity:
    """The level that people affected × worst effect suggest; a person decides.

    Many: 200 people, or a quarter of all `total`. Few: up to 10.
    """
    worst = list(effects)
    many = people >= MANY_PEOPLE or (total > 0 and people > FEW_PEOPLE and people / total >= MANY_SHARE)
    few = people <= FEW_PEOPLE
    if kind is Kind.information:
        return Severity.notice
    if kind is Kind.maintenance:
        return Severity.minor if few else Severity.major
    if people == 0:
        return Severity.notice
    if Effect.major_outage in worst or Effect.under_maintenance in worst:
        return Severity.critical if many else Severity.minor if few else Severity.major
    if Effect.partial_outage in worst:
        return Severity.major if many else Severity.minor
    if Effect.degraded_performance in worst:
        return Severity.notice if few else Severity.minor
    return Severity.notice


def default_weight(before: Levelled, after: Levelled) -> Weight:
    """Loud when the level is raised, or when the expected end of a level 1 or 2 moves later. Else an update."""
    if after.severity < before.severity:
        return Weight.alert_again
    moved_later = before.eta is not None and after.eta is not None and after.eta > before.eta
    if moved_later and after.severity <= Severity.major:
        return Weight.alert_again
    return Weight.update


ENDS = frozenset({"eta", "planned_end_at"})  # either may be what people were told


def also_wanted(
    weight: Weight, what: Collection[str], *, answer_tickets: bool, correct_eta: bool | None = None
) -> tuple[str, ...]:
    """What a change does besides: answer the tickets that wait, correct the estimate for those who were told one.

    `correct_eta` None: whenever the change is not a silent one.
    """
    wants = correct_eta if correct_eta is not None else weight is not Weight.silent
    return tuple(
        name
        for name, wanted in ((ANSWER_TICKETS, answer_tickets), (CORRECT_ETA, wants and not ENDS.isdisjoint(what)))
        if wanted
    )
