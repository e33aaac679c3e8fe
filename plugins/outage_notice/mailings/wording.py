"""What people are mailed about an announcement, in their language and time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import force_locale, gettext

from helpdesk.plugin_api import markdown_to_text, page_address
from plugins.outage_notice.announcements.queries import LiveAnnouncement
from plugins.outage_notice.announcements.rules import Kind, Phase, Status, phase
from plugins.outage_notice.announcements.rules.letters import (
    Letter,
    letter_of,
    promise_words,
    span_words,
    time_words,
    what_it_says,
)
from plugins.outage_notice.mailings.rules import NOTHING, MailKind, Said, has_moved


def _(text: str, /, **values: object) -> str:
    return str(gettext(text, **values))


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who is written to. `email` None: no mailbox."""

    id: int
    name: str
    email: str | None
    locale: str | None
    time_zone: str | None


@dataclass(frozen=True, slots=True)
class Message:
    """What a mailing says: `said` holds now, `told` is what its readers were told before, `ended_at` when it ended."""

    kind: MailKind
    about: LiveAnnouncement
    said: Said
    now: datetime
    told: Said = NOTHING
    ended_at: datetime | None = None


def mail_text(letter: Letter, reader: Reader) -> str:
    """The letter to this person, in the language of the moment."""
    return "\n\n".join([_("Hello %(name)s,", name=reader.name), *letter.paragraphs])


def write_letter(message: Message, locale: str, zone: str) -> Letter:
    """The letter, without the name of its reader."""
    with force_locale(locale):
        _tongue, texts = message.about.texts_in(locale)
        title = texts.title.rstrip(".")
        subject, parts = _WRITERS[message.kind](message, title, locale, zone)
        return letter_of(subject, [*parts, _more(message)], is_drill=message.about.is_drill)


Parts = tuple[str, list[str]]


def _planned(message: Message, title: str, locale: str, zone: str) -> Parts:
    _tongue, texts = message.about.texts_in(locale)
    return title, what_it_says(texts, _times(message, zone))


def _times(message: Message, zone: str) -> list[str]:
    about, said = message.about, message.said
    if said.starts_at is not None:
        return [span_words(said.starts_at, said.ends_at, zone)]
    begun = [_("It has begun.")] if about.kind is Kind.maintenance else []
    eta, following = (_ahead(moment, message.now) for moment in (said.ends_at, about.next_update_at))
    return begun + promise_words(eta, following, zone)


def _ahead(moment: datetime | None, now: datetime) -> datetime | None:
    return moment if moment is not None and moment > now else None


def _changed(message: Message, title: str, _locale: str, zone: str) -> Parts:
    told, said = message.told, message.said
    if told.starts_at is not None and has_moved(told, said):
        time = time_words(told.starts_at, zone)
        former = _("we told you that “%(title)s” starts at %(time)s. That has changed.", title=title, time=time)
    else:
        former = _(
            "we told you that “%(title)s” should be over at about %(time)s. That has changed.",
            title=title,
            time="" if told.ends_at is None else time_words(told.ends_at, zone),
        )
    return _("New time: %(title)s", title=title), [former, *_new_times(message, zone)]


def _new_times(message: Message, zone: str) -> list[str]:
    said, following = message.said, _ahead(message.about.next_update_at, message.now)
    if said.starts_at is not None:
        return [span_words(said.starts_at, said.ends_at, zone)]
    if said.ends_at is None:
        return [_("There is no estimate at the moment."), *promise_words(None, following, zone)]
    time = time_words(said.ends_at, zone)
    return [_("We now expect it to be over at about %(time)s. This is an estimate.", time=time)]


def _over(message: Message, title: str, locale: str, zone: str) -> Parts:
    ended_at = message.ended_at or message.about.actual_end_at or message.about.closed_at or message.now
    what = _("“%(title)s” is over since %(time)s.", title=title, time=time_words(ended_at, zone))
    return _("Over: %(title)s", title=title), [what, _last_words(message, locale)]


def _called_off(message: Message, title: str, locale: str, _zone: str) -> Parts:
    if message.about.status is Status.cancelled:
        what = _("“%(title)s” does not take place: it was cancelled.", title=title)
        return _("Cancelled: %(title)s", title=title), [what, _last_words(message, locale)]
    what = _("“%(title)s” was published by mistake, and nothing of it holds.", title=title)
    return _("Withdrawn: %(title)s", title=title), [what, _last_words(message, locale)]


def _back(message: Message, title: str, locale: str, zone: str) -> Parts:
    what = _("we told you that “%(title)s” is over. It is back, and we are working on it.", title=title)
    return _("Not over after all: %(title)s", title=title), [
        what,
        _last_words(message, locale),
        *_times(message, zone),
    ]


def _last_words(message: Message, locale: str) -> str:
    """What was written with this change, if anything was."""
    update, since = message.about.latest_update, message.about.closed_at
    if update is None or update.status is not message.about.status or (since is not None and update.at < since):
        return ""
    return markdown_to_text(update.text_in(locale))


def _more(message: Message) -> str:
    """Where to read on; when all of it is over, also the question whether our messages helped."""
    if message.about.status is Status.withdrawn:
        return _("If something does not work, please write a ticket.")
    url = page_address(f"/notices/{message.about.id}")
    more = _("More about it: %(url)s", url=url)
    if message.kind is not MailKind.over or phase(message.about, message.now) is not Phase.over:
        return more
    return more + "\n\n" + _("Did our messages help you? %(url)s", url=f"{url}#feedback")


_WRITERS = {
    MailKind.planned: _planned,
    MailKind.changed: _changed,
    MailKind.over: _over,
    MailKind.called_off: _called_off,
    MailKind.back: _back,
}
