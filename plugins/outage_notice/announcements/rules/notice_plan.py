"""The notice plan: which channel speaks when, relative to start and end. From when the banner stands is `show_from`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_ngettext

from plugins.outage_notice.announcements.rules.lifecycle import Timed, current_occurrence
from plugins.outage_notice.announcements.rules.recurrence import BadRecurrence
from plugins.outage_notice.announcements.rules.times import BadTime
from plugins.outage_notice.announcements.rules.vocabulary import Anchor, Kind, PlanEntry, Says, Severity

ENTRIES_LIMIT = 12
DAYS_LIMIT = 90
MINUTES_LIMIT = DAYS_LIMIT * 24 * 60
REMINDED_BEFORE = timedelta(minutes=15)

Plan = tuple[PlanEntry, ...]


class Planned(Timed, Protocol):
    """A record or draft with a plan of its own, or none: then the usual one of its kind and level counts."""

    @property
    def severity(self) -> int: ...
    @property
    def notice_plan(self) -> Plan | None: ...


UNITS = {24 * 60: "days", 60: "hours", 1: "minutes"}  # by their minutes
SAYS_NAMES: dict[Says, Any] = {Says.mail: _l("E-mail"), Says.banner_again: _l("Banner again")}


@dataclass(frozen=True, slots=True)
class PlannedTime:
    """When an entry before the start speaks, of a repetition for the time that is on `on`.

    `is_unseen`: a banner that would return before it is shown for the first time, which does nothing.
    """

    entry: PlanEntry
    at: datetime
    on: date | None = None
    is_unseen: bool = False


def default_plan(kind: Kind, severity: int) -> Plan:
    """What is usual: a critical maintenance returns a quarter of an hour before its start."""
    if kind is Kind.maintenance and severity == Severity.critical:
        return (PlanEntry(Says.banner_again, Anchor.start, int(REMINDED_BEFORE.total_seconds()) // 60),)
    return ()


def plan_of(record: Planned) -> Plan:
    """The plan that counts."""
    own = record.notice_plan
    return default_plan(record.kind, record.severity) if own is None else own


def mails_before(plan: Iterable[PlanEntry]) -> Plan:
    """The mails that go to the whole audience, the earliest first."""
    found = (entry for entry in plan if entry.what is Says.mail and entry.of is Anchor.start)
    return tuple(sorted(found, key=lambda entry: -entry.minutes_before))


def mails_the_end(plan: Iterable[PlanEntry]) -> bool:
    """Whether those who were mailed are told when it is over."""
    return any(entry.what is Says.mail and entry.of is Anchor.end for entry in plan)


def in_order(plan: Iterable[PlanEntry]) -> Plan:
    """The entries as they follow each other."""
    return tuple(sorted(plan, key=lambda entry: (entry.of is Anchor.end, -entry.minutes_before, entry.what)))


def plan_problems(plan: Sequence[PlanEntry] | None) -> list[Any]:
    """What is wrong with a plan in itself, in words."""
    if plan is None:
        return []
    problems: list[Any] = []
    if len(plan) > ENTRIES_LIMIT:
        problems.append(_l("Use at most %(limit)s entries.", limit=ENTRIES_LIMIT))
    if len(set(plan)) < len(plan):
        problems.append(_l("Two entries of the notice plan are the same."))
    if any(not 0 <= entry.minutes_before <= MINUTES_LIMIT for entry in plan):
        problems.append(_l("Choose a time of at most %(days)s days before the start.", days=DAYS_LIMIT))
    if any(entry.of is Anchor.end and entry.minutes_before for entry in plan):
        problems.append(_l("Nobody knows the end in advance: “when it is over” goes without a time before."))
    if any(entry.what is Says.banner_again and (entry.of is Anchor.end or not entry.minutes_before) for entry in plan):
        problems.append(_l("A banner returns before the start: say how long before."))
    return problems


def times_of(record: Planned, now: datetime, published_at: datetime | None) -> list[PlannedTime]:
    """When the entries before the start speak, in order, whether that has passed or not; of a repetition those of the
    time that runs at `now`, or is next. `published_at` None: as if it were published now. Raises BadRecurrence.

    A mail without time before goes when it starts, at the earliest when it is shown. Of a repetition nothing is said of
    one time before the former one has ended.
    """
    published_at = published_at or now
    occurrence = current_occurrence(record, now)
    if record.recurrence and occurrence is None:
        return []
    starts_at, shown_from, on, floor = record.starts_at, record.show_from, None, None
    if occurrence is not None:
        starts_at, shown_from = occurrence.start, occurrence.show_from
        on, floor = occurrence.on, occurrence.former_end
    shown_from = max(shown_from or published_at, published_at)
    starts_at = starts_at or shown_from
    found = []
    for entry in plan_of(record):
        if entry.of is Anchor.end:
            continue
        at = starts_at - timedelta(minutes=entry.minutes_before)
        is_unseen = entry.what is Says.banner_again and at <= shown_from
        if entry.what is Says.mail:
            at = max(at, shown_from) if not entry.minutes_before else at
            at = at if floor is None else max(at, floor)
        found.append(PlannedTime(entry, at, on, is_unseen))
    return sorted(found, key=lambda one: (one.at, -one.entry.minutes_before, one.entry.what))


def draft_times(draft: Planned, now: datetime) -> list[PlannedTime]:
    """`times_of` a draft, if it were published now; nothing while its dates are not whole."""
    if draft.kind is Kind.maintenance and draft.starts_at is None:
        return []
    try:
        return times_of(draft, now, None)
    except (BadRecurrence, BadTime, OverflowError):
        return []  # said by the check of the dates


def plan_warnings(
    draft: Planned, former: Iterable[PlanEntry], *, people: int, without_email: int, now: datetime
) -> Iterator[tuple[str, Any]]:
    """What a technician may not expect of the plan of a draft: (code, message). `former`: the published plan, of which
    some has gone out already.
    """
    plan, known = plan_of(draft), set(former)
    for time in draft_times(draft, now):
        words = entry_words(time.entry)
        if time.entry in known:
            continue
        if time.entry.minutes_before and time.at <= now:
            yield "plan_passed", _l("%(entry)s: that time has passed, so it does not go out.", entry=words)
        elif time.is_unseen:
            yield "plan_unseen", _l("%(entry)s: it is not shown any earlier than that.", entry=words)
    mails = mails_before(plan)
    if mails_the_end(plan) and not mails:
        yield "plan_end_alone", _l("“When it is over” goes to those who were mailed before: no mail goes before.")
    if mails and 0 < people <= without_email:
        yield "plan_no_mailbox", _l("Nobody in this audience has a mailbox: no mail reaches them.")


def in_units(minutes: int) -> tuple[int, int]:
    """Minutes as a number of the largest unit that says them exactly, and the minutes of that unit."""
    unit = next(unit for unit in UNITS if minutes % unit == 0) if minutes else 1
    return minutes // unit, unit


def entry_words(entry: PlanEntry) -> Any:
    """Such as "E-mail, 15 days before the start"."""
    number, unit = in_units(entry.minutes_before)
    if entry.of is Anchor.end:
        when = _l("when it is over")
    elif not number:
        when = _l("at the start")
    elif UNITS[unit] == "days":
        when = lazy_ngettext("%(num)s day before the start", "%(num)s days before the start", number)
    elif UNITS[unit] == "hours":
        when = lazy_ngettext("%(num)s hour before the start", "%(num)s hours before the start", number)
    else:
        when = lazy_ngettext("%(num)s minute before the start", "%(num)s minutes before the start", number)
    return _l("%(what)s, %(when)s", what=SAYS_NAMES[entry.what], when=when)


def plan_to_json(plan: Plan | None) -> list[dict[str, Any]] | None:
    """As it is kept and sent."""
    if plan is None:
        return None
    return [{"what": e.what.value, "of": e.of.value, "minutes_before": e.minutes_before} for e in plan]


def plan_to_text(plan: Iterable[PlanEntry]) -> str:
    """In one word, whatever its order: for a hidden field."""
    return ",".join(sorted(map(str, plan)))


def plan_from_json(items: Iterable[Any] | None) -> Plan | None:
    """What `plan_to_json` made."""
    if items is None:
        return None
    return tuple(PlanEntry(Says(i["what"]), Anchor(i["of"]), int(i["minutes_before"])) for i in items)
