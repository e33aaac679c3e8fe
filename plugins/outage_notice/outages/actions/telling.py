"""Telling the tickets and followers of a broadcast: claim, message, mail, status and result in one transaction.

So a process that dies leaves each of them either untouched or done, and whoever comes next goes on. Some share a
transaction, as most of what one costs is the same for all of them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.plugin_api import Ticket, User, is_postgresql, now, transaction, viewers
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.outages import rules
from plugins.outage_notice.outages.actions import messages
from plugins.outage_notice.outages.actions.messages import Case
from plugins.outage_notice.outages.models import Broadcast, BroadcastItem, TicketLink
from plugins.outage_notice.outages.queries.broadcasts import due_items, told_people
from plugins.outage_notice.outages.queries.concern import unconcerned
from plugins.outage_notice.outages.rules import BroadcastKind, ItemState, Result

BATCH = 300  # of one round of the ticker, which asks again a second later
ROUND_SECONDS = 2.0  # nor longer: on a busy machine starts and ends of announcements would wait for the round
TOGETHER = 10  # in one transaction, which others may wait for

Row = TypeVar("Row", Ticket, TicketLink)

log = structlog.get_logger(__name__)


def send_waiting(now: datetime) -> int:
    """Tell those whose turn it is, for some seconds. How many were settled. One that fails is tried again later, then
    given up.
    """
    done, end = 0, time.monotonic() + ROUND_SECONDS
    due = due_items(now, BATCH)
    for start in range(0, len(due), TOGETHER):
        if time.monotonic() > end:
            break
        done += _send_safely(due[start : start + TOGETHER])
    return done


def _send_safely(ids: Sequence[int]) -> int:
    """How many of these were settled. One that fails does not hold up the others."""
    try:
        return send_items(ids)
    except Exception as error:
        if len(ids) > 1:
            return sum(_send_safely([item_id]) for item_id in ids)
        log.exception("a broadcast failed for one ticket", item=ids[0])
        _note_failure(ids[0], f"{type(error).__name__}: {error}"[:300])
        return 0


def send_items(ids: Sequence[int]) -> int:
    """Settle these items, all or none of them. How many: not those settled before, or that somebody else is at."""
    at = now()
    with transaction() as session:
        cases = _claim(session, ids)
        for case in cases:
            case.item.result = _settle(session, case, at)
            case.item.state, case.item.done_at = ItemState.done, at
        return len(cases)


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


def _claim(session: Session, ids: Sequence[int]) -> list[Case]:
    """The items that this transaction has won, with all that belongs to them."""
    wanted = select(BroadcastItem).where(BroadcastItem.id.in_(ids), BroadcastItem.state == ItemState.waiting)
    wanted = wanted.order_by(BroadcastItem.id).execution_options(populate_existing=True)
    items = session.scalars(wanted.with_for_update(skip_locked=True) if is_postgresql() else wanted).all()
    broadcasts = {item.broadcast_id: session.get_one(Broadcast, item.broadcast_id) for item in items}
    records = {id: session.get_one(Announcement, b.announcement_id) for id, b in broadcasts.items()}
    tickets = _locked(session, Ticket, (item.ticket_id for item in items))
    links = _locked(session, TicketLink, (item.link_id for item in items))
    people = {user.id: user for user in session.scalars(select(User).where(User.id.in_(i.user_id for i in items)))}
    known = viewers([*people, *(b.author_id for b in broadcasts.values() if b.author_id is not None)])
    gone = {
        id: unconcerned(record.id, {item.user_id for item in items if item.broadcast_id == id})
        for id, record in records.items()
    }
    told = told_people(broadcasts, people)
    return [
        Case(
            item,
            broadcasts[item.broadcast_id],
            records[item.broadcast_id],
            links.get(item.link_id or 0),
            tickets.get(item.ticket_id or 0),
            people[item.user_id],
            author=known.get(broadcasts[item.broadcast_id].author_id or 0),
            requester=known.get(item.user_id),
            is_concerned=item.user_id not in gone[item.broadcast_id],
            told=told,
        )
        for item in items
    ]


def _locked(session: Session, model: type[Row], ids: Iterable[int | None]) -> dict[int, Row]:
    """These rows as they are now, by id; locked in the order of their ids, as everybody does."""
    wanted = select(model).where(model.id.in_([id for id in ids if id is not None])).order_by(model.id)
    rows = session.scalars(wanted.with_for_update().execution_options(populate_existing=True))
    return {row.id: row for row in rows}


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
