"""The notice plan of a draft, as the composer shows it: what goes out when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from plugins.outage_notice.announcements import rules
from plugins.outage_notice.announcements.rules import Draft, PlanEntry, Says


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One entry: what it is called, when it goes out (None: when it is over, or not known yet), and what becomes of it.

    `state`: ahead, passed (it does not go out), or gone (of what is published: it went out, or was too late).
    """

    text: str
    icon: str
    at: datetime | None
    state: str


def plan_lines(draft: Draft, now: datetime, *, is_published: bool) -> list[PlanLine]:
    """The entries in order."""
    times = {time.entry: time for time in rules.draft_times(draft, now)}
    lines = []
    for entry in rules.in_order(rules.plan_of(draft)):
        time = times.get(entry)
        is_late = time is not None and (time.is_unseen or (time.at <= now and bool(entry.minutes_before)))
        state = "ahead" if not is_late else "gone" if is_published else "passed"
        lines.append(PlanLine(str(rules.entry_words(entry)), icon_of(entry), None if time is None else time.at, state))
    return lines


def icon_of(entry: PlanEntry) -> str:
    return "mail" if entry.what is Says.mail else "eye"


def plan_text(draft: Draft) -> str:
    """All entries in words, one a line."""
    return "\n".join(str(rules.entry_words(entry)) for entry in rules.in_order(rules.plan_of(draft)))
