"""What people are written about an outage and their ticket, in their language and time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from babel.dates import format_date
from flask_babel import force_locale, gettext

from helpdesk.plugin_api import (
    Ticket,
    TicketStatus,
    User,
    language_for,
    markdown_to_text,
    page_address,
    time_zone_for,
)
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries import LiveAnnouncement
from plugins.outage_notice.announcements.queries.live import freeze
from plugins.outage_notice.announcements.rules import ENDINGS, Phase, Status, expected_end, phase
from plugins.outage_notice.outages.models import Broadcast
from plugins.outage_notice.outages.rules import OPEN, waits


def _(text: str, /, **values: object) -> str:
    return str(gettext(text, **values))


@dataclass(frozen=True, slots=True)
class Letter:
    """`text` stands in the ticket; `mail_text` is what the mail says."""

    subject: str
    text: str
    mail_text: str


def _paragraphs(*parts: str) -> str:
    return "\n\n".join(part.strip() for part in parts if part.strip())


def reply_letter(ticket: Ticket, person: User, text: str) -> Letter:
    """An agent's reply to all, for one requester."""
    with force_locale(language_for(person.locale)):
        subject = _("[#%(number)s] Re: %(subject)s", number=ticket.number, subject=ticket.subject)
        end = _("Your ticket: %(url)s", url=page_address(f"/tickets/{ticket.number}"))
    return Letter(" ".join(subject.split()), text, _paragraphs(markdown_to_text(text), end))


def text_for(broadcast: Broadcast, person: User) -> str:
    """What an agent wrote, in the person's language where it is translated."""
    locale = language_for(person.locale)
    return str(broadcast.translations.get(locale) or broadcast.text)


def answer_letter(ticket: Ticket, person: User, subject: str, text: str) -> Letter:
    """The automated reply of the outage, for one requester."""
    with force_locale(language_for(person.locale)):
        end = _("Your ticket: %(url)s", url=page_address(f"/tickets/{ticket.number}"))
    return Letter(subject, text, _paragraphs(text, end))


def correction_letter(record: Announcement, person: User, ticket: Ticket, former: datetime, now: datetime) -> Letter:
    """The present estimate, for the requester of a ticket who was told `former`."""
    frozen = freeze([record])[0]
    locale = language_for(person.locale)
    with force_locale(locale):
        _tongue, texts = frozen.texts_in(locale)
        title = texts.title.rstrip(".")
        subject = f"[#{ticket.number}] " + _("New estimate: %(title)s", title=title)
        body = _paragraphs(
            _("Hello %(name)s,", name=person.name),
            _(
                "we told you that “%(title)s” should be over at about %(time)s. That has changed.",
                title=title,
                time=_when(former, person, now),
            ),
            _estimate(record, person, now),
        )
        end = _("Your ticket: %(url)s", url=page_address(f"/tickets/{ticket.number}"))
    return Letter(" ".join(subject.split()), body, _paragraphs(body, end))


def _estimate(record: Announcement, person: User, now: datetime) -> str:
    eta = expected_end(record, now)
    if eta is not None:
        return _("We now expect it to be over at about %(time)s. This is an estimate.", time=_when(eta, person, now))
    unknown = _("There is no estimate at the moment.")
    if record.next_update_at is None or record.next_update_at <= now:
        return unknown
    return f"{unknown} " + _("The next update comes by %(time)s.", time=_when(record.next_update_at, person, now))


def _when(moment: datetime, person: User, now: datetime) -> str:
    """Clock time in 24 hours for this person; with the date when it is another day for them."""
    zone = time_zone_for(person.time_zone)
    local = moment.astimezone(zone)
    clock = f"{local:%H:%M}"
    if local.date() == now.astimezone(zone).date():
        return clock
    return f"{clock}, {format_date(local.date(), 'full', locale=language_for(person.locale))}"


def closing_letter(
    record: Announcement,
    person: User,
    ticket: Ticket | None,
    status: TicketStatus | None,
    now: datetime,
    *,
    was_real: bool,
) -> Letter:
    """That it is over, for a requester (`ticket` and the status it gets) or a follower."""
    frozen = freeze([record])[0]
    locale = language_for(person.locale)
    with force_locale(locale):
        _tongue, texts = frozen.texts_in(locale)
        title = texts.title.rstrip(".")
        subject = _end_in_short(frozen, title, was_real=was_real)
        if ticket is not None:
            subject = f"[#{ticket.number}] {subject}"
        body = _paragraphs(
            _("Hello %(name)s,", name=person.name),
            _what(frozen, title, person, now, was_real=was_real),
            _last_words(frozen, locale),
            _of_ticket(ticket, status, was_real=was_real),
        )
        url = page_address(f"/tickets/{ticket.number}" if ticket is not None else f"/notices/{record.id}")
        end = _("Your ticket: %(url)s", url=url) if ticket is not None else _("More about it: %(url)s", url=url)
        asked = _question(record, now) if was_real else ""
    return Letter(" ".join(subject.split()), body, _paragraphs(body, end, asked))


def _end_in_short(frozen: LiveAnnouncement, title: str, *, was_real: bool) -> str:
    if was_real:
        return _("Over: %(title)s", title=title)
    if frozen.status is Status.withdrawn:
        return _("Withdrawn: %(title)s", title=title)
    return _("Cancelled: %(title)s", title=title)


def _question(record: Announcement, now: datetime) -> str:
    """The one question about our messages; of a repetition, only after its last time."""
    if phase(record, now) is not Phase.over:
        return ""
    return _("Did our messages help you? %(url)s", url=page_address(f"/notices/{record.id}#feedback"))


def reopening_letter(record: Announcement, person: User, ticket: Ticket | None, now: datetime) -> Letter:
    """That it is not over after all, for somebody who was told that it is."""
    frozen = freeze([record])[0]
    locale = language_for(person.locale)
    with force_locale(locale):
        _tongue, texts = frozen.texts_in(locale)
        title = texts.title.rstrip(".")
        subject = _("Not over after all: %(title)s", title=title)
        if ticket is not None:
            subject = f"[#{ticket.number}] {subject}"
        update = frozen.latest_update
        body = _paragraphs(
            _("Hello %(name)s,", name=person.name),
            _("we told you that “%(title)s” is over. It is back, and we are working on it.", title=title),
            markdown_to_text(update.text_in(locale)) if update is not None and update.status not in ENDINGS else "",
            _estimate(record, person, now),
            _ticket_again(ticket),
        )
        end = _("More about it: %(url)s", url=page_address(f"/notices/{record.id}"))
        if ticket is not None:
            end = _("Your ticket: %(url)s", url=page_address(f"/tickets/{ticket.number}"))
    return Letter(" ".join(subject.split()), body, _paragraphs(body, end))


def _ticket_again(ticket: Ticket | None) -> str:
    if ticket is None:
        return _("You get a message when it works.")
    if waits(ticket.status, ticket.waiting_on):
        return _("Your ticket #%(number)s waits for it again. You get a message when it works.", number=ticket.number)
    if ticket.status in OPEN:
        return ""
    return _("If it does not work for you either, answer this message: that opens your ticket again.")


def _what(frozen: LiveAnnouncement, title: str, person: User, now: datetime, *, was_real: bool) -> str:
    if not was_real and frozen.status is Status.withdrawn:
        return _("“%(title)s” was published by mistake, and nothing of it holds.", title=title)
    if not was_real:
        return _("“%(title)s” was called off.", title=title)
    ended_at = frozen.actual_end_at or frozen.closed_at or now
    return _("“%(title)s” is over since %(time)s.", title=title, time=_when(ended_at, person, now))


def _last_words(frozen: LiveAnnouncement, locale: str) -> str:
    """What was written when it ended, if anything was."""
    update = frozen.latest_update
    said = update is not None and frozen.closed_at is not None and update.at >= frozen.closed_at
    return markdown_to_text(update.text_in(locale)) if update is not None and said else ""


def _of_ticket(ticket: Ticket | None, status: TicketStatus | None, *, was_real: bool) -> str:
    if ticket is None:
        return "" if was_real else _("If something does not work, please write a ticket.")
    if status is TicketStatus.solved and ticket.status in OPEN:
        return _(
            "Your ticket #%(number)s is solved with it. If it still does not work for you, answer this message and a "
            "person looks at it.",
            number=ticket.number,
        )
    if ticket.status not in OPEN:
        return ""
    return _("Your ticket #%(number)s stays open until a person has looked at it.", number=ticket.number)
