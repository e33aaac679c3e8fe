"""Who was told an estimate in an automated reply, and telling them, and only them, when it changes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.plugin_api import Ticket, get_ticket_message, insert_into, now, transaction
from plugins.outage_notice.announcements.actions.writing import log
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.rules import can_end, expected_end
from plugins.outage_notice.outages.actions.items import write_items
from plugins.outage_notice.outages.models import Broadcast, BroadcastItem, ToldEta
from plugins.outage_notice.outages.queries.broadcasts import find_broadcast_by_key, find_correction_after
from plugins.outage_notice.outages.queries.links import IS_OPEN
from plugins.outage_notice.outages.rules import BroadcastKind, ItemState


def note_told(message_id: int) -> None:
    """Remember which estimate an automated reply told its requester. Safe to repeat.

    If the estimate changed while the reply was under way, its reader joins those who are told the new one.
    """
    at = now()
    with transaction() as session:
        message = get_ticket_message(message_id)
        reason = message.reason or {}
        ids = reason.get("announcement_ids") or []
        record = session.get(Announcement, ids[0], with_for_update=True) if ids else None
        if record is None or "eta" not in reason:
            return
        ticket = session.get_one(Ticket, message.ticket_id)
        eta = datetime.fromisoformat(reason["eta"]) if reason["eta"] else None
        if not remember_told(session, record.id, ticket, eta, message.created_at):
            return
        if eta is not None and eta != expected_end(record, at):
            late = find_correction_after(record.id, message.created_at)
            if late is not None:
                _add_item(session, late, ticket, at)


def remember_told(
    session: Session, announcement_id: int, ticket: Ticket, eta: datetime | None, told_at: datetime
) -> bool:
    """Keep what was told last. False when a newer one is known, or this one was noted before."""
    row = session.get(ToldEta, (announcement_id, ticket.id), with_for_update=True, populate_existing=True)
    if row is None:
        row = ToldEta(announcement_id=announcement_id, ticket_id=ticket.id, user_id=ticket.requester_id)
        session.add(row)
    elif row.told_at >= told_at:
        return False
    row.eta, row.told_at = eta, told_at
    return True


def _add_item(session: Session, broadcast: Broadcast, ticket: Ticket, at: datetime) -> None:
    values = {
        "broadcast_id": broadcast.id,
        "ticket_id": ticket.id,
        "user_id": ticket.requester_id,
        "state": ItemState.waiting,
        "due_at": at,
        "attempts": 0,
    }
    session.execute(insert_into(BroadcastItem).values(values).on_conflict_do_nothing())


def start_correction(announcement_id: int, key: str) -> Broadcast | None:
    """Start telling the new estimate to everybody who was told another one; the ticker writes it, one by one.

    None when nobody was, when it is over, or when this `key` started one before.
    """
    at = now()
    with transaction() as session:
        record = session.get(Announcement, announcement_id, with_for_update=True, populate_existing=True)
        if record is None or not can_end(record, at) or find_broadcast_by_key(key) is not None:
            return None
        broadcast = Broadcast(
            announcement_id=announcement_id, kind=BroadcastKind.correction, text="", created_at=at, key=key
        )
        session.add(broadcast)
        session.flush()
        eta = expected_end(record, at)
        tickets = _write_told(session, broadcast, eta, at)
        if tickets:
            data = {"tickets": tickets, "broadcast_id": broadcast.id, "eta": eta and eta.isoformat()}
            log(session, record, None, at, "eta_corrected", data=data, after=data)
        return broadcast


def _write_told(session: Session, broadcast: Broadcast, eta: datetime | None, at: datetime) -> int:
    told = (
        select(ToldEta.ticket_id, ToldEta.user_id)
        .join(Ticket, Ticket.id == ToldEta.ticket_id)
        .where(ToldEta.announcement_id == broadcast.announcement_id, ToldEta.eta.is_not(None), IS_OPEN)
        .order_by(ToldEta.ticket_id)
    )
    if eta is not None:
        told = told.where(ToldEta.eta != eta)
    return write_items(session, broadcast, at, told)
