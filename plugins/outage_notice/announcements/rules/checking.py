"""What is looked at before publishing. Errors stop, warnings ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_ngettext

from plugins.outage_notice.announcements.rules import wording
from plugins.outage_notice.announcements.rules.levels import severity_allowed
from plugins.outage_notice.announcements.rules.notice_plan import Plan, plan_problems, plan_warnings
from plugins.outage_notice.announcements.rules.recurrence import BadRecurrence, parse_recurrence, spans
from plugins.outage_notice.announcements.rules.vocabulary import (
    KEYWORDS_LIMIT,
    TEXT_LIMIT,
    TITLE_HARD_LIMIT,
    TITLE_LIMIT,
    Draft,
    Kind,
    Severity,
)
from plugins.outage_notice.audiences.rules import TARGETS_LIMIT, TargetKind

OLD_START = timedelta(hours=24)
PREVIEWED = 60  # times of a repetition that are looked at for overlaps with themselves


class Level(StrEnum):
    error = "error"
    warning = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the check found. `field` names the field of the draft, "" the whole. `fix` is a value that would help
    for `field`, or a hint for the composer such as {"update": 87}; None when there is no one-click fix.
    """

    level: Level
    field: str
    code: str
    message: Any
    fix: Any = None


@dataclass(frozen=True, slots=True)
class Overlap:
    """Another announcement, not over: for some of the same people, or on the same service, at the same time."""

    id: int
    title: str
    same_service: bool
    is_open_incident: bool


@dataclass(frozen=True, slots=True)
class CheckFacts:
    """What the check must know besides the draft. `total`: all people there are, counted for a drill. `locales`: the
    languages texts should exist in. `was_loud`: what is published is critical to everyone already. `former_plan`: the
    notice plan of what is published.
    """

    people: int = 0
    total: int = 0
    people_without_email: int = 0
    missing_targets: int = 0
    overlaps: tuple[Overlap, ...] = ()
    locales: tuple[str, ...] = ()
    service_names: tuple[str, ...] = ()
    is_published: bool = False
    was_loud: bool = False
    confirmed_people: int | None = None
    unknown_services: tuple[int, ...] = field(default=())
    former_plan: Plan = ()


def is_critical_to_everyone(draft: Draft) -> bool:
    """Whoever makes it so, by publishing it or by an edit of what is published, types the number of people."""
    return draft.severity == Severity.critical and _is_for_everyone(draft)


def _is_for_everyone(draft: Draft) -> bool:
    return any(target.kind is TargetKind.everyone for target in draft.audience)


def checks(draft: Draft, facts: CheckFacts, now: datetime) -> list[Finding]:
    """Everything the check finds in a draft whose times are aware, errors first."""
    found = [
        finding
        for part in (_texts, _level, _audience, _times, _repetition, _plan, _promises, _wording, _surroundings)
        for finding in part(draft, facts, now)
    ]
    return sorted(found, key=lambda finding: finding.level is Level.warning)


def errors(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.level is Level.error]


Part = Callable[[Draft, CheckFacts, datetime], Iterator[Finding]]


def _error(field: str, code: str, message: Any, fix: Any = None) -> Finding:
    return Finding(Level.error, field, code, message, fix)


def _warning(field: str, code: str, message: Any, fix: Any = None) -> Finding:
    return Finding(Level.warning, field, code, message, fix)


def _texts(draft: Draft, facts: CheckFacts, now: datetime) -> Iterator[Finding]:  # noqa: ARG001
    if not draft.title.strip():
        yield _error("title", "no_title", _l("Write a title: what is broken, in the words of the people affected."))
    limits = (
        ("title", draft.title, TITLE_HARD_LIMIT),
        ("description", draft.description, TEXT_LIMIT),
        ("workaround", draft.workaround, TEXT_LIMIT),
        ("automated_reply_text", draft.automated_reply_text, TEXT_LIMIT),
        ("keywords", draft.keywords, KEYWORDS_LIMIT),
    )
    for name, text, limit in limits:
        if len(text) > limit:
            yield _error(name, "too_long", _l("Use at most %(limit)s characters.", limit=limit))
        blanks = wording.unknown_reply_blanks(text) if name == "automated_reply_text" else wording.blanks(text)
        if blanks:
            yield _error(name, "blanks", _l("Fill in the blank %(blank)s.", blank=blanks[0]))
    for locale, texts in draft.translations.items():
        if not texts.title.strip():
            yield _error("translations", "no_title", _l("The translation %(locale)s has no title.", locale=locale))
        for text in (texts.title, texts.description, texts.workaround):
            if blanks := wording.blanks(text):
                yield _error("translations", "blanks", _l("Fill in the blank %(blank)s.", blank=blanks[0]))
        if (draft.description and not texts.description) or (draft.workaround and not texts.workaround):
            text = _l("The translation %(locale)s is not complete: the rest is shown as you wrote it.", locale=locale)
            yield _warning("translations", "partial_translation", text)
    missing = [locale for locale in facts.locales if locale != draft.locale and locale not in draft.translations]
    if missing:
        text = _l("There is no translation for: %(locales)s.", locales=", ".join(missing))
        yield _warning("translations", "missing_translation", text, missing)


def _level(draft: Draft, facts: CheckFacts, now: datetime) -> Iterator[Finding]:  # noqa: ARG001
    if draft.must_confirm and draft.severity != Severity.critical:
        text = _l("Only a critical notice can ask to be confirmed.")
        yield _error("must_confirm", "must_confirm_level", text, False)
    if severity_allowed(draft.kind, draft.severity, draft.must_confirm):
        return
    if draft.kind is Kind.information:
        text = _l("Information is level 3 at most. An interruption is an incident.")
        yield _error("severity", "severity_kind", text, Severity.minor.value)
    elif draft.kind is Kind.maintenance and draft.severity == Severity.critical:
        text = _l("A maintenance is critical only when it must be confirmed.")
        yield _error("severity", "severity_kind", text, Severity.major.value)
    else:
        yield _error("severity", "severity_unknown", _l("Choose a level from 1 to 4."))


def _audience(draft: Draft, facts: CheckFacts, now: datetime) -> Iterator[Finding]:  # noqa: ARG001
    if len(draft.audience) > TARGETS_LIMIT:
        yield _error("audience", "too_many_targets", _l("Choose at most %(limit)s targets.", limit=TARGETS_LIMIT))
    if facts.missing_targets:
        yield _error("audience", "missing_targets", _l("A part of the audience does not exist any more. Choose again."))
    if not draft.audience:
        yield _error("audience", "no_audience", _l("Choose who should see it. An empty audience is nobody."))
    elif facts.people == 0:
        yield _error("audience", "nobody", _l("Nobody is in this audience."))
    if draft.is_drill and _is_for_everyone(draft):
        text = _l("A drill is for a pilot group: choose departments or people.")
        yield _error("audience", "drill_for_everyone", text)
    elif draft.is_drill and facts.people * 2 > facts.total > 0:
        text = _l(
            "A drill is for a pilot group: this would reach %(people)s of all %(total)s people. Choose fewer.",
            people=facts.people,
            total=facts.total,
        )
        yield _error("audience", "drill_for_most", text)
    is_made_loud = is_critical_to_everyone(draft) and not facts.was_loud
    if is_made_loud and facts.people and facts.confirmed_people != facts.people:
        text = _l("A critical notice to everyone: type the number of people, %(people)s.", people=facts.people)
        yield _error("confirmed_people", "confirm_people", text, facts.people)
    if facts.people_without_email:
        text = lazy_ngettext(
            "%(num)s person has no mailbox.", "%(num)s people have no mailbox.", facts.people_without_email
        )
        yield _warning("audience", "without_email", text)
    if facts.unknown_services:
        yield _error("services", "unknown_services", _l("A chosen service does not exist any more."))
    if not draft.services and draft.kind is not Kind.information:
        yield _warning("services", "no_service", _l("No affected service is chosen: tickets will not find it."))


def _times(draft: Draft, facts: CheckFacts, now: datetime) -> Iterator[Finding]:
    starts_at, ends_at = draft.starts_at, draft.planned_end_at
    if draft.kind is Kind.maintenance and starts_at is None:
        yield _error("starts_at", "no_start", _l("Say when the maintenance starts."))
    if draft.kind is Kind.maintenance and ends_at is None:
        yield _error("planned_end_at", "no_end", _l("Say when the maintenance is planned to end."))
    if draft.ends_by_itself and ends_at is None and not (draft.kind is Kind.information and draft.show_until):
        yield _error("planned_end_at", "no_end", _l("What ends by itself needs an end."))
    if starts_at and ends_at and ends_at <= starts_at:
        text = _l("It ends at the moment it starts.") if ends_at == starts_at else _l("It ends before it starts.")
        yield _error("planned_end_at", "end_before_start", text)
    if draft.show_from and draft.show_until and draft.show_until <= draft.show_from:
        yield _error("show_until", "end_before_start", _l("It is hidden before it is shown."))
    if draft.show_until and draft.show_until <= now:
        yield _error("show_until", "already_hidden", _l("Nobody would see it: this time has passed."))
    if facts.is_published:
        return
    if starts_at and starts_at < now - OLD_START and not draft.recurrence:
        yield _error("starts_at", "old_start", _l("The start is more than 24 hours ago. Check the date."))
    if draft.ends_by_itself and not draft.recurrence and ends_at and ends_at <= now:
        yield _error("planned_end_at", "already_over", _l("It would be over at once: this time has passed."))
    if draft.kind is Kind.incident and starts_at and starts_at > now:
        text = _l("An incident that has not begun: is it a maintenance?")
        yield _warning("starts_at", "future_incident", text, Kind.maintenance.value)


def _repetition(draft: Draft, facts: CheckFacts, now: datetime) -> Iterator[Finding]:  # noqa: ARG001
    if not draft.recurrence:
        return
    if draft.kind is Kind.incident:
        yield _error("recurrence", "recurring_incident", _l("An incident does not repeat."))
        return
    if draft.starts_at is None or draft.planned_end_at is None:
        yield _error(
            "recurrence", "recurrence_times", _l("A repetition needs the start and the end of the first time.")
        )
        return
    if draft.planned_end_at <= draft.starts_at:
        return  # said already
    try:
        rule = parse_recurrence(draft.recurrence, draft.time_zone)
    except BadRecurrence as error:
        yield _error("recurrence", "bad_recurrence", error.message)
        return
    times = spans(rule, draft.starts_at, draft.planned_end_at, draft.time_zone)
    some = [span for span, _index in zip(times, range(PREVIEWED), strict=False)]
    if not some:
        yield _error("recurrence", "never", _l("This repetition never happens."))
        return
    if any(later.start < earlier.end for earlier, later in pairwise(some)):
        yield _error("recurrence", "overlaps_itself", _l("One time would begin before the former has ended."))
    if next(spans(rule, draft.starts_at, draft.planned_end_at, draft.time_zone, now), None) is None:
        yield _error("recurrence", "already_over", _l("All times of this repetition have passed."))
    if some[0].start != draft.starts_at:
        text = _l("The start is not one of the days of the repetition: the first time is later.")
        yield _warning("starts_at", "not_in_repetition", text, some[0].start)


def _plan(draft: Draft, facts: CheckFacts, now: datetime) -> Iterator[Finding]:
    problems = plan_problems(draft.notice_plan)
    yield from (_error("notice_plan", "bad_plan", problem) for problem in problems)
    if not problems:
        people = {"people": facts.people, "without_email": facts.people_without_email}
        for code, text in plan_warnings(draft, facts.former_plan, **people, now=now):
            yield _warning("notice_plan", code, text)


def _promises(draft: Draft, facts: CheckFacts, now: datetime) -> Iterator[Finding]:
    is_serious = draft.kind is Kind.incident and draft.severity <= Severity.major
    if draft.next_update_at is not None and draft.next_update_at <= now:
        yield _error("next_update_at", "past_update", _l("The time of the next update has passed."))
    elif is_serious and draft.next_update_at is None:
        yield _error("next_update_at", "no_next_update", _l("Say when the next update comes."))
    if draft.kind is Kind.incident and draft.eta is None and draft.next_update_at is None:
        text = _l("Neither an expected end nor a time of the next update is given.")
        yield _warning("eta", "no_eta", text)
    if draft.eta is None:
        return
    begins = draft.starts_at or (None if facts.is_published else now)  # without a start it begins when it is shown
    if begins is not None and draft.eta < begins:
        yield _error("eta", "end_before_start", _l("It is expected to end before it starts."))
    elif draft.eta <= now:
        yield _warning("eta", "past_eta", _l("The expected end has passed."))


def _wording(draft: Draft, facts: CheckFacts, now: datetime) -> Iterator[Finding]:  # noqa: ARG001
    if TITLE_LIMIT < len(draft.title) <= TITLE_HARD_LIMIT:
        text = _l("The title is longer than %(limit)s characters.", limit=TITLE_LIMIT)
        yield _warning("title", "long_title", text)
    if draft.kind is not Kind.information and not draft.workaround.strip():
        text = _l("Say what people can do now, or that there is no way around it yet.")
        yield _warning("workaround", "no_workaround", text, _l("There is no way around it yet."))
    if wording.count_words(draft.description) > wording.WORDS_LIMIT:
        text = _l("The text is longer than %(limit)s words.", limit=wording.WORDS_LIMIT)
        yield _warning("description", "long_text", text)
    for name, text in (("title", draft.title), ("description", draft.description), ("workaround", draft.workaround)):
        if words := wording.clock_words(text):
            message = _l("“%(word)s” goes stale. Use the time fields.", word=words[0])
            yield _warning(name, "clock_words", message)
        if words := wording.guess_words(text):
            yield _warning(name, "guess_words", _l("“%(word)s” sounds like a guess.", word=words[0]))
        if hosts := wording.host_names(text):
            yield _warning(name, "host_names", _l("Leave out the machine name %(name)s.", name=hosts[0]))
        if names := wording.people_names(text):
            yield _warning(name, "people_names", _l("Leave out names of people: %(name)s.", name=names[0]))
    if link := wording.link_into(draft.workaround, facts.service_names):
        message = _l("The way around leads to %(link)s, which may need the broken service.", link=link)
        yield _warning("workaround", "broken_link", message)


def _surroundings(draft: Draft, facts: CheckFacts, now: datetime) -> Iterator[Finding]:  # noqa: ARG001
    for other in facts.overlaps:
        if other.same_service and other.is_open_incident and draft.kind is Kind.incident:
            text = _l("The same service has an open outage: update OUT-%(id)s instead?", id=other.id)
            yield _warning("services", "open_outage", text, {"update": other.id})
        elif other.same_service:
            text = _l("OUT-%(id)s “%(title)s” is about the same service.", id=other.id, title=other.title)
            yield _warning("services", "overlap", text, {"open": other.id})
        else:
            text = _l("OUT-%(id)s “%(title)s” is for some of the same people.", id=other.id, title=other.title)
            yield _warning("audience", "overlap_people", text, {"open": other.id})
