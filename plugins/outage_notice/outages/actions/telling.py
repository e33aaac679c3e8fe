"""Telling one ticket or follower of a broadcast: claim, message, mail, status and result in one transaction.

So a process that dies leaves each of them either untouched or done, and whoever comes next goes on.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlsplit

import structlog
from flask import current_app
from sqlalchemy import update
from sqlalchemy.orm import Session

from helpdesk.plugin_api import (
    Ticket,
    TicketChange,
    TicketStatus,
    User,
    append_automated_reply,
    append_reply,
    change_ticket_inside,
    is_mail_address,
    now,
    queue_mail,
    transaction,
    viewers,
)
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries.records import targets_by_id
from plugins.outage_notice.announcements.rules import ENDINGS, can_end, effective_status, expected_end, phase
from plugins.outage_notice.audiences.queries import facts_of
from plugins.outage_notice.audiences.rules import matches
from plugins.outage_notice.outages import rules, wording
from plugins.outage_notice.outages.models import Broadcast, BroadcastItem, TicketLink, ToldEta
from plugins.outage_notice.outages.queries.broadcasts import due_items, was_told
from plugins.outage_notice.outages.rules import BroadcastKind, How, ItemState, Result
from plugins.outage_notice.outages.wording import Letter

BATCH = 100  # of one round of the ticker, which asks again a second later
ROUND_SECONDS = 2.0  # nor longer: on a busy machine starts and ends of announcements would wait for the round

Row = TypeVar("Row", Ticket, TicketLink)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Case:
    """One claimed item with all that belongs to it."""

    item: BroadcastItem
    broadcast: Broadcast
    record: Announcement
    link: TicketLink | None
    ticket: Ticket | None
    person: User


def send_waiting(now: datetime) -> int:
    """Tell those whose turn it is, for some seconds. How many were settled. One that fails is tried again later, then
    given up.
    """
    done, end = 0, time.monotonic() + ROUND_SECONDS
    for item_id in due_items(now, BATCH):
        if time.monotonic() > end:
            break
        try:
            done += send_item(item_id)
        except Exception as error:
            log.exception("a broadcast failed for one ticket", item=item_id)
            _note_failure(item_id, f"{type(error).__name__}: {error}"[:300])
    return done


def send_item(item_id: int) -> bool:
    """Settle one item. False when it was settled before, or somebody else is about to."""
    at = now()
    with transaction() as session:
        case = _claim(session, item_id, at)
        if case is None:
            return False
        if case.broadcast.kind is BroadcastKind.reply:
            case.item.result = _reply(session, case, at)
        elif case.broadcast.kind is BroadcastKind.correction:
            case.item.result = _correct(session, case, at)
        elif case.ticket is None:
            case.item.result = _tell_follower(case, at)
        else:
            case.item.result = _close(session, case, case.ticket, at)
        return True


def _claim(session: Session, item_id: int, at: datetime) -> _Case | None:
    """The item, if this transaction has won it."""
    item = session.scalars(
        update(BroadcastItem)
        .where(BroadcastItem.id == item_id, BroadcastItem.state == ItemState.waiting)
        .values(state=ItemState.done, done_at=at)
        .returning(BroadcastItem)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).one_or_none()
    if item is None:
        return None
    broadcast = session.get_one(Broadcast, item.broadcast_id)
    ticket = _locked(session, Ticket, item.ticket_id)
    link = _locked(session, TicketLink, item.link_id)
    record = session.get_one(Announcement, broadcast.announcement_id)
    return _Case(item, broadcast, record, link, ticket, session.get_one(User, item.user_id))


def _locked(session: Session, model: type[Row], id: int | None) -> Row | None:
    return None if id is None else session.get_one(model, id, with_for_update=True, populate_existing=True)


def _reply(session: Session, case: _Case, at: datetime) -> Result:
    ticket, link = case.ticket, case.link
    author = viewers([case.broadcast.author_id or 0]).get(case.broadcast.author_id or 0)
    if ticket is None or link is None or author is None:  # the agent left: nobody signs this
        return Result.not_wanted
    result = rules.reply_result(
        is_linked=link.unlinked_at is None and link.ended_at is None and link.how is not How.suggested,
        is_open=ticket.status in rules.OPEN,
        has_written=rules.wrote_since(ticket.last_requester_message_at, link.caught_up_at),
        was_told=was_told(case.broadcast.id, ticket.requester_id),
    )
    if result in (Result.told, Result.told_elsewhere):
        link.caught_up_at = at
    if result is Result.told:
        append_reply(session, author, ticket.id, case.broadcast.text, _cause(case), at)
        _tell(case, wording.reply_letter(ticket, case.person, case.broadcast.text), at)
    return result


def _correct(session: Session, case: _Case, at: datetime) -> Result:
    """The present estimate for somebody who was told another one, and whom the outage still concerns."""
    ticket, record = case.ticket, case.record
    if ticket is None or not can_end(record, at) or not _concerns(record, case.person):
        return Result.not_wanted
    if ticket.status not in rules.OPEN:
        return Result.not_open
    key = (record.id, ticket.id)
    told = session.get(ToldEta, key, with_for_update=True, populate_existing=True)
    eta = expected_end(record, at)
    if told is None or told.eta is None or told.eta == eta:
        return Result.not_wanted
    former, told.eta, told.told_at = told.eta, eta, at
    if was_told(case.broadcast.id, ticket.requester_id):
        return Result.told_elsewhere
    letter = wording.correction_letter(record, case.person, ticket, former, at)
    append_automated_reply(session, ticket.id, letter.subject, letter.text, _cause(case), _reason(record, eta), at)
    _tell(case, letter, at)
    return Result.told


def _concerns(record: Announcement, person: User) -> bool:
    viewer = viewers([person.id]).get(person.id)
    return viewer is not None and matches(targets_by_id([record.id])[record.id], facts_of(viewer))


def _reason(record: Announcement, eta: datetime | None) -> dict[str, object]:
    return {
        "announcement_ids": [record.id],
        "label": f"OUT-{record.id}",
        "url": f"/announcements/{record.id}",
        "eta": eta.isoformat() if eta else None,
    }


def _close(session: Session, case: _Case, ticket: Ticket, at: datetime) -> Result:
    link = case.link
    if link is None or not rules.is_over_for_tickets(phase(case.record, at), bool(case.record.recurrence)):
        return Result.not_wanted
    was_real = effective_status(case.record, at) in ENDINGS or bool(case.record.recurrence)
    status = rules.status_after_end(
        ticket.status,
        ticket.waiting_on,
        has_written=rules.wrote_since(ticket.last_requester_message_at, link.caught_up_at),
        was_real=was_real,
        action=case.record.ticket_action,
    )
    letter = wording.closing_letter(case.record, case.person, ticket, status, at, was_real=was_real)
    reason = {"announcement_ids": [case.record.id], "label": f"OUT-{case.record.id}"}
    reason["url"] = f"/announcements/{case.record.id}"
    append_automated_reply(session, ticket.id, letter.subject, letter.text, _cause(case), reason, at)
    if not was_told(case.broadcast.id, ticket.requester_id):  # each ticket says how it ended, one mail says it all
        _tell(case, letter, at)
    if status is not ticket.status:
        change_ticket_inside(session, ticket.id, TicketChange(status=status), at, is_told=True)
    link.ended_as = status.value
    return Result.solved if status is TicketStatus.solved else Result.left_open


def _tell_follower(case: _Case, at: datetime) -> Result:
    if not rules.is_over_for_tickets(phase(case.record, at), bool(case.record.recurrence)):
        return Result.not_wanted
    if was_told(case.broadcast.id, case.person.id):
        return Result.told_elsewhere
    was_real = effective_status(case.record, at) in ENDINGS or bool(case.record.recurrence)
    _tell(case, wording.closing_letter(case.record, case.person, None, None, at, was_real=was_real), at)
    return Result.told


def _cause(case: _Case) -> str:
    return f"outage-broadcast-{case.broadcast.id}-ticket-{case.item.ticket_id}"


def _tell(case: _Case, letter: Letter, at: datetime) -> None:
    """Note that this person is told, and queue the mail: who has no mailbox finds the words in the ticket."""
    case.item.told_at = at
    address = case.person.email or ""
    if case.person.disabled_at is not None or not is_mail_address(address):
        return
    headers = {}
    if case.ticket is not None:
        host = urlsplit(current_app.extensions["helpdesk"].settings.public_url).hostname or "localhost"
        thread = f"<ticket-{case.ticket.number}@{host}>"
        headers = {"References": thread, "In-Reply-To": thread}
    event_id = f"outage-broadcast-{case.broadcast.id}"
    queue_mail(address, letter.subject, letter.mail_text, event_id=event_id, headers=headers)


def _note_failure(item_id: int, error: str) -> None:
    at = now()
    with transaction() as session:
        item = session.get(BroadcastItem, item_id, with_for_update=True, populate_existing=True)
        if item is None or item.state is not ItemState.waiting:
            return
        item.attempts += 1
        item.error = error
        item.due_at = at + rules.pause_before_retry(item.attempts)
        if item.attempts >= rules.ATTEMPTS:
            item.state, item.result, item.done_at = ItemState.failed, Result.failed, at
