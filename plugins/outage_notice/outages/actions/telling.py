"""Telling one ticket or follower of a broadcast: claim, message, mail, status and result in one transaction.

So a process that dies leaves each of them either untouched or done, and whoever comes next goes on.
"""

from __future__ import annotations

import time
from datetime import datetime
from typing import TypeVar

import structlog
from sqlalchemy import update
from sqlalchemy.orm import Session

from helpdesk.plugin_api import Ticket, User, now, transaction
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.outages import rules
from plugins.outage_notice.outages.actions import messages
from plugins.outage_notice.outages.actions.messages import Case
from plugins.outage_notice.outages.models import Broadcast, BroadcastItem, TicketLink
from plugins.outage_notice.outages.queries.broadcasts import due_items
from plugins.outage_notice.outages.rules import BroadcastKind, ItemState, Result

BATCH = 100  # of one round of the ticker, which asks again a second later
ROUND_SECONDS = 2.0  # nor longer: on a busy machine starts and ends of announcements would wait for the round

Row = TypeVar("Row", Ticket, TicketLink)

log = structlog.get_logger(__name__)


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
        case.item.result = _settle(session, case, at)
        return True


def _settle(session: Session, case: Case, at: datetime) -> Result:
    kind = case.broadcast.kind
    if kind is BroadcastKind.reply:
        return messages.reply(session, case, at)
    if kind is BroadcastKind.answer:
        return messages.answer(session, case, at)
    if kind is BroadcastKind.correction:
        return messages.correct(session, case, at)
    if kind is BroadcastKind.reopening:
        return messages.say_it_is_back(session, case, at)
    if case.ticket is None:
        return messages.tell_follower(case, at)
    return messages.close(session, case, case.ticket, at)


def _claim(session: Session, item_id: int, at: datetime) -> Case | None:
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
    return Case(item, broadcast, record, link, ticket, session.get_one(User, item.user_id))


def _locked(session: Session, model: type[Row], id: int | None) -> Row | None:
    return None if id is None else session.get_one(model, id, with_for_update=True, populate_existing=True)


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
