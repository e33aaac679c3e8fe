"""The outage in words: in the requester's language and time zone, true at the moment of sending."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask_babel import force_locale, gettext

from helpdesk.plugin_api import ReplyText, TicketFacts, Viewer, markdown_to_text, page_address
from plugins.outage_notice.announcements.queries import LiveAnnouncement
from plugins.outage_notice.announcements.rules.matching import Match
from plugins.outage_notice.announcements.rules.telling import mail_reference
from plugins.outage_notice.automated_replies.queries import find_requester, outages_of_ticket
from plugins.outage_notice.automated_replies.rules import ANSWERED_EVENTS, RECEIVED, fill, paragraphs


def _(text: str, /, **values: object) -> str:
    return str(gettext(text, **values))


def find_reply(ticket: TicketFacts, event: str, locale: str, now: datetime) -> ReplyText | None:
    """The outage text for an automated reply, or None when no outage that wants to be mentioned concerns the ticket."""
    requester = find_requester(ticket) if event in ANSWERED_EVENTS else None
    if requester is None:
        return None
    found = [m for m in outages_of_ticket(ticket, requester, now) if m.announcement.mention_in_automated_replies]
    return _render(found, ticket, requester, locale, now, event) if found else None


def _render(
    matches: Sequence[Match], ticket: TicketFacts, requester: Viewer, locale: str, now: datetime, event: str = RECEIVED
) -> ReplyText:
    """The reply for a ticket that the outages concern: the first in full, a second one by its title. Who has written
    once more is told that a person reads it.

    `reason` says which announcements were mentioned and what was promised, so that a changed promise can be sent to
    exactly those who were told the old one.
    """
    with force_locale(locale):
        first = matches[0].announcement
        words = OutageWords(first, locale, requester.time_zone, now)
        own = first.automated_reply_text.strip()
        body = paragraphs(
            [
                _("Hello %(name)s,", name=requester.name),
                _opening(ticket.number, event),
                fill(own, words.blanks(requester.name, ticket.number)) if own else words.whole(),
                words.other(matches[1].announcement) if len(matches) > 1 else "",
                _("Follow it here: %(url)s", url=words.url),
                _nothing_to_do() if event == RECEIVED else "",
            ]
        )
        subject = _("[#%(number)s] %(title)s", number=ticket.number, title=words.title)
    return ReplyText(subject, body, _reason(matches, now), mail_reference(first.id, requester.id))


def _opening(number: int, event: str) -> str:
    if event == RECEIVED:
        return _("we have received your ticket #%(number)s.", number=number)
    return _("your message about ticket #%(number)s has arrived, and a person reads it.", number=number)


def _nothing_to_do() -> str:
    return _(
        "You don’t need to do anything. If your question is a different one, answer this message and a person reads it."
    )


def reply_about(
    announcement: LiveAnnouncement, ticket: TicketFacts, requester: Viewer, locale: str, now: datetime
) -> ReplyText:
    """The reply to a ticket that belongs to this announcement, by whatever rule."""
    return _render([Match(announcement, "surge")], ticket, requester, locale, now)


def preview_reply(announcement: LiveAnnouncement, reader: Viewer, now: datetime) -> str:
    """How the reply reads while this is announced, as if the reader had just written ticket 1."""
    ticket = TicketFacts(0, 1, "", "", None, reader.id, "new", now)
    return _render([Match(announcement, "service")], ticket, reader, reader.locale, now).body


def _reason(matches: Sequence[Match], now: datetime) -> dict[str, object]:
    first = matches[0].announcement
    eta = first.expected_end_at(now) if _says_eta(first) else None
    return {
        "announcement_ids": [match.announcement.id for match in matches[:2]],
        "label": f"OUT-{first.id}",
        "url": f"/announcements/{first.id}",
        "title": first.texts[first.locale].title,
        "by": matches[0].by,
        "revision": first.revision,
        "eta": eta.isoformat() if eta else None,
        "next_update_at": first.next_update_at.isoformat() if first.next_update_at else None,
    }


def _says_eta(announcement: LiveAnnouncement) -> bool:
    """Whether the reply names the estimate: own words may leave it out."""
    own = announcement.automated_reply_text
    return not own.strip() or "{eta}" in own or "{promise}" in own


class OutageWords:
    """What is said of one outage, in the language that is in force and the zone of the reader."""

    def __init__(self, announcement: LiveAnnouncement, locale: str, time_zone: str, now: datetime) -> None:
        self.announcement = announcement
        self._locale, self._zone, self._now = locale, ZoneInfo(time_zone), now
        _tongue, texts = announcement.texts_in(locale)
        self.title = texts.title
        self.description = markdown_to_text(texts.description)
        self.workaround = markdown_to_text(texts.workaround)

    @property
    def url(self) -> str:
        return page_address(f"/notices/{self.announcement.id}")

    def whole(self) -> str:
        """What is down, since when, until when, and what to do meanwhile."""
        since = self.since()
        title = _("%(title)s, since %(time)s.", title=self.title.rstrip("."), time=since) if since else self.title
        instead = _("Until then: %(workaround)s", workaround=self.workaround) if self.workaround else ""
        return paragraphs([title, self.description, self.promise(), instead])

    def since(self) -> str:
        started_at = self.announcement.began_at(self._now)
        return self.time(started_at) if started_at else ""

    def promise(self) -> str:
        """When it will be over, or when the next word comes. A time that has passed is said to have passed."""
        eta = self.announcement.expected_end_at(self._now)
        if eta is not None and eta > self._now:
            return _("We expect it to be over at about %(time)s. This is an estimate.", time=self.time(eta))
        following = self._next_update()
        if eta is not None:
            passed = _("It should have been over at %(time)s; a new estimate follows.", time=self.time(eta))
            return f"{passed} {following}".strip()
        unknown = _("There is no estimate yet.")
        return f"{unknown} {following}".strip()

    def _next_update(self) -> str:
        at = self.announcement.next_update_at
        if at is None:
            return ""
        if at <= self._now:
            return _("The next update was due at %(time)s; we have reminded the team.", time=self.time(at))
        return _("The next update comes by %(time)s.", time=self.time(at))

    def other(self, announcement: LiveAnnouncement) -> str:
        _tongue, texts = announcement.texts_in(self._locale)
        return _("Also known: %(title)s.", title=texts.title.rstrip("."))

    def time(self, moment: datetime) -> str:
        """Clock time in 24 hours, the same in every language; then the date, when it is another day for the reader."""
        local = moment.astimezone(self._zone)
        clock = f"{local:%H:%M}"
        if local.date() == self._now.astimezone(self._zone).date():
            return clock
        return f"{clock}, {format_date(local.date(), 'full', locale=self._locale)}"

    def blanks(self, name: str, number: int) -> dict[str, str]:
        """What the blanks of the technician's own text stand for. They stand inside sentences: a time that has passed
        says so itself.
        """
        return {
            "requester_name": name,
            "ticket_number": str(number),
            "title": self.title,
            "since": self.since(),
            "eta": self._eta_blank(),
            "next_update": self._next_update_blank(),
            "promise": self.promise(),
            "workaround": self.workaround,
            "url": self.url,
        }

    def _eta_blank(self) -> str:
        eta = self.announcement.expected_end_at(self._now)
        if eta is None:
            return _("no estimate yet")
        if eta <= self._now:
            return _("%(time)s (this time has passed; a new estimate follows)", time=self.time(eta))
        return self.time(eta)

    def _next_update_blank(self) -> str:
        at = self.announcement.next_update_at
        if at is None:
            return _("not known yet")
        if at <= self._now:
            return _("%(time)s (this time has passed; we have reminded the team)", time=self.time(at))
        return self.time(at)
