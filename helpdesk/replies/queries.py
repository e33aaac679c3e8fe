"""The text of each automated reply: the edited template, else the shipped one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select

from helpdesk.core.database import db
from helpdesk.core.errors import NotFound
from helpdesk.hooks.specs import CannedText
from helpdesk.replies import shipped
from helpdesk.replies.models import CannedReply, ReplyEvent, ReplySwitch, ReplyTemplate
from helpdesk.replies.rules import Text
from helpdesk.tickets.models import Message
from helpdesk.tickets.rules import MessageKind

CANNED_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Template:
    """The text of one event in one language. `revision` 0: the shipped text, never edited."""

    event: ReplyEvent
    locale: str
    text: Text
    revision: int
    updated_at: datetime | None


def get_template(event: ReplyEvent, locale: str) -> Template:
    """Raises NotFound for a language that is not spoken here."""
    if locale not in shipped.TEXTS:
        raise NotFound(_("There is no such language here."))
    row = find_row(event, locale)
    if row is None:
        return Template(event, locale, shipped.TEXTS[locale][event], 0, None)
    return Template(event, locale, Text(row.subject, row.body), row.revision, row.updated_at)


def find_row(event: ReplyEvent, locale: str) -> ReplyTemplate | None:
    """The edited template, if there is one."""
    return db.session.scalars(
        select(ReplyTemplate).where(ReplyTemplate.event == event, ReplyTemplate.locale == locale)
    ).one_or_none()


def is_on(event: ReplyEvent) -> bool:
    """Whether this event is answered with the normal text."""
    switch = db.session.get(ReplySwitch, event)
    return switch is None or switch.is_on


def edited() -> dict[tuple[ReplyEvent, str], datetime]:
    """When each edited template was last saved."""
    rows = db.session.execute(select(ReplyTemplate.event, ReplyTemplate.locale, ReplyTemplate.updated_at))
    return {(row.event, row.locale): row.updated_at for row in rows}


def find_last_answer_at(ticket_id: int, since: datetime) -> datetime | None:
    """When this ticket last got a "reply received", looking back to `since`."""
    rows = db.session.execute(
        select(Message.created_at, Message.reason)
        .where(
            Message.ticket_id == ticket_id,
            Message.kind == MessageKind.automated_reply,
            Message.created_at > since,
        )
        .order_by(Message.id.desc())
    )
    return next((at for at, why in rows if (why or {}).get("event") == ReplyEvent.reply_received.value), None)


def list_canned() -> list[CannedReply]:
    return list(db.session.scalars(select(CannedReply).order_by(CannedReply.title, CannedReply.id)))


def get_canned(canned_id: int) -> CannedReply:
    """Raises NotFound."""
    row = db.session.get(CannedReply, canned_id)
    if row is None:
        raise NotFound(_("There is no such canned reply."))
    return row


def search_canned(text: str, limit: int = CANNED_SHOWN) -> list[CannedReply]:
    """Canned replies that hold all words of `text`, those with them in the title first."""
    words = text.casefold().split()
    rows = [r for r in list_canned() if holds(r, text)]
    rows.sort(key=lambda r: not all(w in r.title.casefold() for w in words))
    return rows[:limit]


def holds(canned: CannedReply | CannedText, text: str) -> bool:
    """Whether title and body hold all words of `text`."""
    return all(word in f"{canned.title} {canned.body}".casefold() for word in text.casefold().split())
