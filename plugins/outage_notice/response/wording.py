"""What staff are written: that they are called, that a promise comes due or is late, that a duty is theirs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from babel.dates import format_datetime, format_time
from flask_babel import force_locale, gettext
from flask_babel import lazy_gettext as _l

from helpdesk.plugin_api import Viewer, language_for, page_address, time_zone_for
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.response.models import Briefing
from plugins.outage_notice.response.rules import CallRole, Duty, Promise, PromiseKind, TellStep

ROLE_NAMES = {
    CallRole.technical: _l("Technical"),
    CallRole.support: _l("Support"),
    CallRole.communication: _l("Communication"),
}
FIRST_TASKS = {
    CallRole.technical: _l("Find out what is broken, and note what you try."),
    CallRole.support: _l("Read the briefing, and answer those who call."),
    CallRole.communication: _l("Write the next update before its time."),
}
DUTY_NAMES = {Duty.lead: _l("Leads"), Duty.writer: _l("Writes updates"), Duty.tickets: _l("Tickets")}
PROMISE_NAMES = {
    PromiseKind.first_message: _l("First message"),
    PromiseKind.response: _l("Answer of the team"),
    PromiseKind.update: _l("Next update"),
    PromiseKind.eta: _l("Expected fix"),
    PromiseKind.end: _l("Planned end"),
    PromiseKind.resolution: _l("Resolution"),
}
PROMISE_TASKS = {PromiseKind.response: _l("Say “I have it”."), PromiseKind.resolution: _l("Say how it stands.")}
TASKS_IN_NOTICE = 3
STEP_NAMES = {TellStep.owner: _l("the owner"), TellStep.team: _l("the team"), TellStep.management: _l("management")}
DUTY_HOLDERS = {Duty.lead: _l("the lead"), Duty.writer: _l("the writer"), Duty.tickets: _l("who keeps the tickets")}


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    text: str


class Reader(Protocol):
    """Whoever reads: a person, or all who read a channel."""

    @property
    def locale(self) -> str: ...
    @property
    def time_zone(self) -> str: ...


def first_task(role: CallRole, task: str) -> str:
    """What the person does first: as the playbook says, else what is usual for the role."""
    return task or str(FIRST_TASKS[role])


def name_of(record: Announcement) -> str:
    return f"OUT-{record.id}"


def title_of(record: Announcement) -> str:
    """The title, and that it is a drill."""
    title = _bare_title_of(record)
    return gettext("Drill: %(title)s", title=title) if record.is_drill else title


def _bare_title_of(record: Announcement) -> str:
    return record.title or str(gettext("Without a title"))


def call_letter(
    record: Announcement, person: Viewer, role: CallRole, task: str, briefing: Briefing | None, *, is_back: bool = False
) -> Letter:
    """That this person is called, with what they do first. The button is on the page: a link changes nothing."""
    with force_locale(language_for(person.locale)):
        values = {"out": name_of(record), "title": title_of(record), "role": ROLE_NAMES[role]}
        called = gettext("You are called: %(title)s", **values)
        subject = gettext("You are called again: %(title)s", **values) if is_back else called
        parts = [
            gettext("Hello %(name)s,", name=person.name),
            gettext("%(out)s “%(title)s” is back, and you are called again (%(role)s).", **values)
            if is_back
            else gettext("%(out)s “%(title)s” was published and you are called (%(role)s).", **values),
            gettext("First: %(task)s", task=first_task(role, task)),
            _briefing_text(briefing) if briefing is not None and role is CallRole.support else "",
            gettext("Say “I have it” here: %(url)s", url=page_address(f"/announcements/{record.id}/call")),
        ]
    return _letter(subject, parts)


def _briefing_text(briefing: Briefing) -> str:
    rows = (
        (gettext("What callers will say"), briefing.callers_say),
        (gettext("What to answer"), briefing.answer),
        (gettext("What not to promise"), briefing.do_not_promise),
        (gettext("How many to expect"), briefing.expected_volume),
    )
    return "\n".join(f"{label}: {text}" for label, text in rows if text)


def briefing_letter(record: Announcement, person: Viewer, briefing: Briefing) -> Letter:
    """What an agent should know, as soon as it may be known."""
    with force_locale(language_for(person.locale)):
        subject = gettext("Briefing for agents: %(title)s", title=title_of(record))
        parts = [
            gettext("Hello %(name)s,", name=person.name),
            gettext("This is for the staff only. It is about %(out)s “%(title)s”.", **_named(record)),
            gettext("It is not public yet.") if record.published_at is None else "",
            _briefing_text(briefing),
            page_address("/tickets"),
        ]
    return _letter(subject, parts)


def briefing_notice(record: Announcement) -> Letter:
    """For chat and SMS: that there is a briefing, and where. Its words stay in the program."""
    with force_locale(language_for(None)):
        subject = gettext("Briefing for agents: %(title)s", title=_bare_title_of(record))
        said = gettext("Read the briefing for agents beside the queue, and answer those who call.")
        return _notice(record, subject, [f"{name_of(record)}. {said}"], "/tickets")


def _named(record: Announcement) -> dict[str, str]:
    return {"out": name_of(record), "title": title_of(record)}


def promise_letter(
    record: Announcement, person: Viewer, promise: Promise, as_whom: TellStep | Duty, now: datetime
) -> Letter:
    """That a promise comes due, or that it is late. `as_whom`: in which part the person is told."""
    with force_locale(language_for(person.locale)):
        subject, said = _promise_words(record, title_of(record), promise, person, now)
        why = {
            TellStep.owner: gettext("You own it."),
            Duty.writer: gettext("You write its updates."),
            Duty.lead: gettext("You lead it."),
            TellStep.team: gettext("Nobody has kept it in time. Please look after it."),
            TellStep.management: gettext("Neither its owner nor the team has answered in time."),
        }[as_whom]
        parts = [
            gettext("Hello %(name)s,", name=person.name),
            said,
            why,
            page_address(f"/announcements/{record.id}#update"),
        ]
    return _letter(subject, parts)


def _promise_words(
    record: Announcement, title: str, promise: Promise, reader: Reader, now: datetime
) -> tuple[str, str]:
    """What comes due or is late, short and as a sentence."""
    values = {
        "what": str(PROMISE_NAMES[promise.kind]),
        "out": name_of(record),
        "title": title,
        "due": _time(promise.due_at, reader, now),
    }
    minutes = int((now - promise.due_at).total_seconds() // 60)
    if minutes < 0:
        return (
            gettext("%(what)s due at %(due)s: %(title)s", **values),
            gettext("%(out)s “%(title)s”: %(what)s is promised for %(due)s.", **values),
        )
    return (
        gettext("%(what)s is %(minutes)s min late: %(title)s", minutes=minutes, **values),
        gettext(
            "%(out)s “%(title)s”: %(what)s was promised for %(due)s and is %(minutes)s min late.",
            minutes=minutes,
            **values,
        ),
    )


def call_notice(
    record: Announcement, called: Iterable[tuple[Viewer, CallRole, str]], *, is_back: bool = False
) -> Letter:
    """For chat and SMS, in the language of the settings: who is called, and what they do first."""
    people = list(called)
    with force_locale(language_for(None)):
        subject = gettext("Level %(level)s: %(title)s", level=record.severity, title=_bare_title_of(record))
        names = ", ".join(f"{person.name} ({ROLE_NAMES[role]})" for person, role, _task in people)
        tasks = dict.fromkeys(first_task(role, task) for _person, role, task in people)
        parts = [
            gettext("%(out)s is back. Called: %(names)s.", out=name_of(record), names=names)
            if is_back
            else gettext("%(out)s was published. Called: %(names)s.", out=name_of(record), names=names),
            *(gettext("First: %(task)s", task=task) for task in list(tasks)[:TASKS_IN_NOTICE]),
        ]
        return _notice(record, subject, parts)


def promise_notice(
    record: Announcement, promise: Promise, as_whom: TellStep | Duty, names: Iterable[str], now: datetime
) -> Letter:
    """For chat and SMS: that a promise comes due or is late, who was told, and what to do."""
    reader = _everybody()
    with force_locale(language_for(reader.locale)):
        subject, _said = _promise_words(record, _bare_title_of(record), promise, reader, now)
        part = DUTY_HOLDERS[as_whom] if isinstance(as_whom, Duty) else STEP_NAMES[as_whom]
        told = gettext("Told: %(names)s (%(step)s).", names=", ".join(names), step=part)
        first = gettext("First: %(task)s", task=PROMISE_TASKS.get(promise.kind) or gettext("Write what is known now."))
        level = gettext("Level %(level)s: %(title)s", level=record.severity, title=subject)
        return _notice(record, level, [f"{name_of(record)}. {told}", first])


def _notice(record: Announcement, subject: str, parts: list[str], page: str = "") -> Letter:
    """Short, with the page at its end. A drill says so before anything else."""
    if record.is_drill:
        subject = gettext("DRILL · %(subject)s", subject=subject)
    letter = _letter(subject, [*parts, page_address(page or f"/announcements/{record.id}")])
    return Letter(letter.subject, letter.text.replace("\n\n", "\n"))


@dataclass(frozen=True, slots=True)
class _Everybody:
    locale: str
    time_zone: str


def _everybody() -> _Everybody:
    """Those who read a channel: nobody in particular."""
    return _Everybody(language_for(None), time_zone_for(None).key)


def duty_letter(record: Announcement, person: Viewer, duty: Duty, giver: str) -> Letter:
    """That somebody handed a duty over."""
    with force_locale(language_for(person.locale)):
        subject = gettext("%(out)s: this is yours now: %(duty)s", out=name_of(record), duty=DUTY_NAMES[duty])
        parts = [
            gettext("Hello %(name)s,", name=person.name),
            gettext(
                "%(giver)s handed this over to you: %(duty)s, for “%(title)s”.",
                giver=giver,
                duty=DUTY_NAMES[duty],
                title=title_of(record),
            ),
            page_address(f"/announcements/{record.id}"),
        ]
    return _letter(subject, parts)


def _letter(subject: str, parts: list[str]) -> Letter:
    return Letter(" ".join(str(subject).split()), "\n\n".join(part for part in parts if part))


def _time(moment: datetime, person: Reader, now: datetime) -> str:
    zone = time_zone_for(person.time_zone)
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    locale = language_for(person.locale)
    if local.date() == today:
        return str(format_time(local, "short", tzinfo=zone, locale=locale))
    return str(format_datetime(local, "short", tzinfo=zone, locale=locale))
