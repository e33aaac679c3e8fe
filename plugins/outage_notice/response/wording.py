"""What staff are written: that they are called, that a promise comes due or is late, that a duty is theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, format_time
from flask import current_app
from flask_babel import force_locale, gettext
from flask_babel import lazy_gettext as _l

from helpdesk.plugin_api import LOCALES, Viewer
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
    PromiseKind.response: _l("Somebody has it"),
    PromiseKind.update: _l("Next update"),
    PromiseKind.eta: _l("Expected fix"),
    PromiseKind.end: _l("Planned end"),
    PromiseKind.resolution: _l("Works again"),
}
STEP_NAMES = {TellStep.owner: _l("the owner"), TellStep.team: _l("the team"), TellStep.management: _l("management")}


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    text: str


def first_task(role: CallRole, task: str) -> str:
    """What the person does first: as the playbook says, else what is usual for the role."""
    return task or str(FIRST_TASKS[role])


def name_of(record: Announcement) -> str:
    return f"OUT-{record.id}"


def title_of(record: Announcement) -> str:
    """The title, and that it is a drill."""
    title = record.title or gettext("Without a title")
    return gettext("Drill: %(title)s", title=title) if record.is_drill else str(title)


def call_letter(record: Announcement, person: Viewer, role: CallRole, task: str, briefing: Briefing | None) -> Letter:
    """That this person is called, with what they do first. The button is on the page: a link changes nothing."""
    with force_locale(_language(person)):
        subject = gettext("You are called: %(title)s", title=title_of(record))
        parts = [
            gettext("Hello %(name)s,", name=person.name),
            gettext(
                "%(out)s “%(title)s” was published and you are called (%(role)s).",
                out=name_of(record),
                title=title_of(record),
                role=ROLE_NAMES[role],
            ),
            gettext("First: %(task)s", task=first_task(role, task)),
            _briefing_text(briefing) if briefing is not None and role is CallRole.support else "",
            gettext("Say “I have it” here: %(url)s", url=_url(f"/announcements/{record.id}/call")),
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


def promise_letter(record: Announcement, person: Viewer, promise: Promise, step: TellStep, now: datetime) -> Letter:
    """That a promise comes due, or that it is late."""
    with force_locale(_language(person)):
        what, due = str(PROMISE_NAMES[promise.kind]), _time(promise.due_at, person, now)
        values = {"what": what, "out": name_of(record), "title": title_of(record), "due": due}
        minutes = int((now - promise.due_at).total_seconds() // 60)
        if minutes < 0:
            subject = gettext("%(what)s due at %(due)s: %(title)s", **values)
            said = gettext("%(out)s “%(title)s”: %(what)s is promised for %(due)s.", **values)
        else:
            subject = gettext("%(what)s is %(minutes)s min late: %(title)s", minutes=minutes, **values)
            said = gettext(
                "%(out)s “%(title)s”: %(what)s was promised for %(due)s and is %(minutes)s min late.",
                minutes=minutes,
                **values,
            )
        why = {
            TellStep.owner: gettext("You own it."),
            TellStep.team: gettext("Its owner has not answered in time. Please look after it."),
            TellStep.management: gettext("Neither its owner nor the team has answered in time."),
        }[step]
        parts = [gettext("Hello %(name)s,", name=person.name), said, why, _url(f"/announcements/{record.id}#update")]
    return _letter(subject, parts)


def duty_letter(record: Announcement, person: Viewer, duty: Duty, giver: str) -> Letter:
    """That somebody handed a duty over."""
    with force_locale(_language(person)):
        subject = gettext("%(out)s: this is yours now: %(duty)s", out=name_of(record), duty=DUTY_NAMES[duty])
        parts = [
            gettext("Hello %(name)s,", name=person.name),
            gettext(
                "%(giver)s handed this over to you: %(duty)s, for “%(title)s”.",
                giver=giver,
                duty=DUTY_NAMES[duty],
                title=title_of(record),
            ),
            _url(f"/announcements/{record.id}"),
        ]
    return _letter(subject, parts)


def _letter(subject: str, parts: list[str]) -> Letter:
    return Letter(" ".join(str(subject).split()), "\n\n".join(part for part in parts if part))


def _language(person: Viewer) -> str:
    language = person.locale.split("_")[0].split("-")[0]
    return person.locale if person.locale in LOCALES else language if language in LOCALES else "en"


def _time(moment: datetime, person: Viewer, now: datetime) -> str:
    zone = ZoneInfo(person.time_zone or "UTC")
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    locale = _language(person)
    if local.date() == today:
        return str(format_time(local, "short", tzinfo=zone, locale=locale))
    return str(format_datetime(local, "short", tzinfo=zone, locale=locale))


def _url(path: str) -> str:
    return f"{current_app.extensions['helpdesk'].settings.public_url}{path}"
