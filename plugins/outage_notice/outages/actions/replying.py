"""Starting a reply to all: the tickets are written down at once, and told one by one by the ticker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from helpdesk.plugin_api import Conflict, Invalid, Ticket, Viewer, db, now, record_audit, transaction, viewers
from plugins.outage_notice.announcements.actions.writing import log
from plugins.outage_notice.announcements.models import Announcement, Update
from plugins.outage_notice.announcements.queries import get_announcement
from plugins.outage_notice.outages import rules
from plugins.outage_notice.outages.actions.items import write_items
from plugins.outage_notice.outages.models import Broadcast, TicketLink
from plugins.outage_notice.outages.queries.broadcasts import audience_of_reply, find_broadcast_by_key
from plugins.outage_notice.outages.queries.links import IS_OPEN, LINKED, WAITS
from plugins.outage_notice.outages.rules import BroadcastKind, By


def start_reply(
    actor: Viewer, announcement_id: int, text: str, key: str, translations: Mapping[str, str] | None = None
) -> Broadcast:
    """A reply to everybody whose ticket waits for this outage; the ticker writes it, each ticket by itself. What an
    agent has taken in hand, or where the requester wrote since, is left to a person. `translations`: text by locale.

    The same `key` starts one, ever. Raises NotFound for requesters, Invalid (text) and Conflict when no ticket waits.
    """
    try:
        return _start(actor, announcement_id, text, key, translations or {})
    except IntegrityError:  # sent twice at the same moment
        existing = find_broadcast_by_key(key)
        if existing is None:
            raise
        return existing


def answer_with_update(announcement_id: int, update_id: int) -> Broadcast | None:
    """Answer all tickets that wait with the text of a public update, in the name of its author; in the requester's
    language where it is translated.

    None when no ticket waits, or its author left. Safe to repeat.
    """
    update = db.session.get(Update, update_id)
    author = None if update is None else viewers([update.author_id or 0]).get(update.author_id or 0)
    if update is None or author is None or not update.is_public:
        return None
    try:
        return start_reply(author, announcement_id, update.text, f"update-{update_id}", update.translations)
    except Conflict:
        return None


def _start(actor: Viewer, announcement_id: int, text: str, key: str, translations: Mapping[str, str]) -> Broadcast:
    at, text = now(), text.strip()
    with transaction() as session:
        record = get_announcement(actor, announcement_id)
        existing = find_broadcast_by_key(key)
        if existing is not None:
            return existing
        _check(text)
        broadcast = Broadcast(
            announcement_id=announcement_id,
            kind=BroadcastKind.reply,
            text=text,
            translations=dict(translations),
            author_id=actor.id,
            created_at=at,
            key=key,
        )
        session.add(broadcast)
        session.flush()
        tickets = audience_of_reply(announcement_id).tickets
        if not tickets:
            raise Conflict(_("No ticket waits for this outage."))
        write_linked(session, broadcast, at, IS_OPEN)
        data = {"text": text, "tickets": tickets, "broadcast_id": broadcast.id}
        log(session, record, actor, at, "replied_to_all", data=data, after=data)
        record_audit(actor, "outage.replied_to_all", "announcement", announcement_id, after=data)
        return broadcast


def _check(text: str) -> None:
    if not text:
        raise Invalid({"text": _("Write something first.")})
    if len(text) > rules.TEXT_LIMIT:
        raise Invalid({"text": _("Use at most %(count)s characters.", count=rules.TEXT_LIMIT)})


def answer_surge(announcement_id: int, ticket_ids: Sequence[int]) -> Broadcast | None:
    """Answer these tickets, which were linked as the surge that was declared, with the automated reply of the outage.

    None when none of them waits, or when automated replies do not mention it. Once for each outage.
    """
    at, key = now(), f"surge-{announcement_id}"
    with transaction() as session:
        record = session.get(Announcement, announcement_id, with_for_update=True, populate_existing=True)
        if record is None or not record.mention_in_automated_replies or find_broadcast_by_key(key) is not None:
            return None
        mine = and_(TicketLink.by == By.surge, TicketLink.ticket_id.in_(ticket_ids), WAITS)
        broadcast = Broadcast(
            announcement_id=announcement_id,
            kind=BroadcastKind.answer,
            text="",
            created_at=at,
            key=key,
        )
        session.add(broadcast)
        session.flush()
        tickets = write_linked(session, broadcast, at, mine)
        if not tickets:
            session.delete(broadcast)
            return None
        data = {"tickets": tickets, "broadcast_id": broadcast.id}
        log(session, record, None, at, "surge_answered", data=data, after=data)
        return broadcast


def write_linked(session: Session, broadcast: Broadcast, at: datetime, *more: ColumnElement[bool]) -> int:
    """One waiting item for each ticket that is linked now and meets the conditions. How many."""
    linked = (
        select(TicketLink.ticket_id, TicketLink.id.label("link_id"), Ticket.requester_id.label("user_id"))
        .join(Ticket, Ticket.id == TicketLink.ticket_id)
        .where(TicketLink.announcement_id == broadcast.announcement_id, LINKED, *more)
        .order_by(TicketLink.ticket_id)
    )
    return write_items(session, broadcast, at, linked)
