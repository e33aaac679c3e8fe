"""The outbox: what must happen because of a committed change, one row per effect and recipient.

`record(event)` writes, in the action's own transaction, one row for each handler that wants the event. A handler may
`send` further effects (a mail, a webhook call). A worker leases rows, performs the effect and marks it: at least once,
so effects are safe to repeat, and the row's id names the effect outside (Message-ID, webhook-id).
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from flask import current_app
from sqlalchemy import JSON, Index, String, Text, UniqueConstraint, delete, insert, or_, select, text, update
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql import ColumnElement, Executable
from structlog.contextvars import get_contextvars

from helpdesk.core import clock
from helpdesk.core.database import (
    Base,
    Choice,
    UTCDateTime,
    after_commit,
    db,
    insert_into,
    is_postgresql,
    require_connection,
    require_transaction,
    table_of,
    transaction,
)
from helpdesk.core.events import Event

LEASE_SECONDS = 60
GIVE_UP_AFTER = timedelta(days=3)
HANDLER_CHANNEL = "handler"
NOTIFY_CHANNEL = "notify"  # chat and SMS
OF_NOTIFY = text(f"channel = '{NOTIFY_CHANNEL}'")


class OutboxState(StrEnum):
    ready = "ready"
    done = "done"
    dropped = "dropped"  # no longer wanted when its turn came
    dead = "dead"  # given up: visible to an administrator, with "try again"


class OutboxRow(Base):
    __tablename__ = "outbox"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(64))
    channel: Mapped[str] = mapped_column(String(40))
    recipient: Mapped[str] = mapped_column(String(255))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[OutboxState] = mapped_column(Choice(OutboxState), default=OutboxState.ready)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    leased_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    leased_by: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(String(64))  # of the request that caused it, for the logs
    __table_args__ = (
        UniqueConstraint("event_id", "channel", "recipient"),
        Index("ix_outbox_state_due_at", "state", "due_at"),
        Index("ix_outbox_notify_created_at", "created_at", sqlite_where=OF_NOTIFY, postgresql_where=OF_NOTIFY),
    )


class OutboxHold(Base):
    """One row while the outbox is paused: nothing is leased until an operator releases or discards what waits."""

    __tablename__ = "outbox_hold"
    id: Mapped[int] = mapped_column(primary_key=True)
    since: Mapped[datetime] = mapped_column(UTCDateTime)
    reason: Mapped[str] = mapped_column(String(200))


OUTBOX = table_of(OutboxRow)
INSERT = insert(OUTBOX).inline().execution_options(is_short=True)


@dataclass(frozen=True, slots=True)
class Item:
    """A leased row: what a channel's deliverer gets to see."""

    id: str
    event_id: str
    channel: str
    recipient: str
    payload: dict[str, Any]
    attempts: int
    created_at: datetime
    request_id: str | None = None


class NotWanted(Exception):
    """Raised by a deliverer: the effect has lost its reason (the outage is over). The row is dropped."""


class GiveUp(Exception):
    """Raised by a deliverer: trying again cannot help (the address does not exist). The row is dead."""


class NotNow(Exception):
    """Raised by a deliverer: do not even try before so many seconds have passed (the mail server is down)."""

    def __init__(self, seconds: float, reason: str) -> None:
        super().__init__(reason)
        self.seconds = seconds


def record(event: Event) -> str:
    """Write the event for each of its handlers, in the running transaction. The id of the event."""
    event_id = uuid.uuid4().hex
    names = [name for name, _handler in current_app.extensions["helpdesk"].handlers.get(type(event).__name__, ())]
    payload = {"event": type(event).__name__, "data": event.to_payload()}
    if names:
        rows = [_new_row(HANDLER_CHANNEL, name, payload, event_id, None) for name in names]
        require_connection().execute(INSERT, rows)  # a new event: nothing can have queued it before
        after_commit(poke)
    return event_id


def send(
    channel: str, recipient: str, payload: Mapping[str, Any], *, event_id: str, due_at: datetime | None = None
) -> str | None:
    """Queue one effect in the running transaction. Its id, or None when this effect was queued before."""
    row = _new_row(channel, recipient, payload, event_id, due_at)
    row_id: str | None = require_connection().scalar(_insert_once(is_postgresql()), row)
    after_commit(poke)
    return row_id


def _new_row(
    channel: str, recipient: str, payload: Mapping[str, Any], event_id: str, due_at: datetime | None
) -> dict[str, Any]:
    now = clock.now()
    return {
        "id": uuid.uuid4().hex,
        "event_id": event_id,
        "channel": channel,
        "recipient": recipient,
        "payload": dict(payload),
        "state": OutboxState.ready,
        "attempts": 0,
        "due_at": due_at or now,
        "created_at": now,
        "request_id": get_contextvars().get("request_id"),
    }


@cache
def _insert_once(for_postgresql: bool) -> Executable:
    return (
        insert_into(OUTBOX, for_postgresql=for_postgresql)
        .on_conflict_do_nothing(index_elements=["event_id", "channel", "recipient"])
        .returning(OUTBOX.c.id)
        .execution_options(is_short=True)
    )


def is_open() -> ColumnElement[bool]:
    """The condition that the outbox is not paused, for queries that look for work."""
    return ~select(OutboxHold.id).exists()


def find_hold() -> OutboxHold | None:
    """Since when and why the outbox is paused, None while it is not."""
    return db.session.scalar(select(OutboxHold))


def lift_hold(*, discard_due_before: datetime | None = None) -> int:
    """End the pause inside the running transaction. How many rows were dropped.

    With a time, what was due by then is dropped instead of sent; what is due later has its reason still before it.
    """
    session = require_transaction()
    dropped = 0
    if discard_due_before is not None:
        result = session.execute(
            update(OutboxRow)
            .where(OutboxRow.state == OutboxState.ready, OutboxRow.due_at <= discard_due_before)
            .values(
                state=OutboxState.dropped,
                finished_at=discard_due_before,
                leased_until=None,
                last_error="discarded by an operator after a restore",
            )
            .execution_options(synchronize_session=False)
        )
        dropped = int(getattr(result, "rowcount", 0))
    session.execute(delete(OutboxHold))
    after_commit(poke)
    return dropped


def lease(worker: str, limit: int, now: datetime) -> list[Item]:
    """Take up to `limit` due rows for `worker`. Two workers never hold the same row within its lease."""
    free = or_(OutboxRow.leased_until.is_(None), OutboxRow.leased_until < now)
    with transaction() as session:
        due = (
            select(OutboxRow.id)
            .where(OutboxRow.state == OutboxState.ready, OutboxRow.due_at <= now, free, is_open())
            .order_by(OutboxRow.due_at)
            .limit(limit)
        )
        if is_postgresql():
            due = due.with_for_update(skip_locked=True)
        rows = session.scalars(
            update(OutboxRow)
            .where(OutboxRow.id.in_(due), OutboxRow.state == OutboxState.ready, free)
            .values(
                leased_by=worker, leased_until=now + timedelta(seconds=LEASE_SECONDS), attempts=OutboxRow.attempts + 1
            )
            .returning(OutboxRow)
            .execution_options(synchronize_session=False)
        ).all()
        rows = sorted(rows, key=lambda r: (r.due_at, r.created_at))
        return [
            Item(r.id, r.event_id, r.channel, r.recipient, r.payload, r.attempts, r.created_at, r.request_id)
            for r in rows
        ]


def give_back(worker: str, under_way: Collection[str]) -> int:
    """Let others have at once what `worker` leased and did not begin: it stops. How many rows."""
    with transaction() as session:
        result = session.execute(
            update(OutboxRow)
            .where(
                OutboxRow.leased_by == worker,
                OutboxRow.state == OutboxState.ready,
                OutboxRow.leased_until.is_not(None),
                OutboxRow.id.not_in(under_way),
            )
            .values(leased_until=None, leased_by=None, attempts=OutboxRow.attempts - 1)
            .execution_options(synchronize_session=False)
        )
        return int(getattr(result, "rowcount", 0))


def finish(item: Item, worker: str, state: OutboxState, now: datetime, error: str | None = None) -> None:
    """Mark a leased row as done, dropped or dead."""
    with transaction() as session:
        session.execute(
            update(OutboxRow)
            .where(OutboxRow.id == item.id, OutboxRow.leased_by == worker)
            .values(state=state, finished_at=now, leased_until=None, last_error=error)
        )


def postpone(item: Item, worker: str, until: datetime, error: str) -> OutboxState:
    """Give a failed row back to be tried at `until`; after three days of trying it is dead."""
    state = OutboxState.dead if until - item.created_at > GIVE_UP_AFTER else OutboxState.ready
    with transaction() as session:
        session.execute(
            update(OutboxRow)
            .where(OutboxRow.id == item.id, OutboxRow.leased_by == worker)
            .values(state=state, due_at=until, leased_until=None, last_error=error[:2000])
        )
    return state


def retry(row_id: str, now: datetime) -> bool:
    """Make a dead row ready again. Needs a transaction. False when there is no such dead row."""
    session = require_transaction()
    found = session.scalar(
        update(OutboxRow)
        .where(OutboxRow.id == row_id, OutboxRow.state == OutboxState.dead)
        .values(state=OutboxState.ready, due_at=now, created_at=now, attempts=0, leased_until=None)
        .returning(OutboxRow.id)
    )
    after_commit(poke)
    return found is not None


def find_row(row_id: str) -> OutboxRow | None:
    return db.session.get(OutboxRow, row_id)


def poke() -> None:
    """Wake the relay of this process, so that nothing waits for a timer."""
    for listener in current_app.extensions["helpdesk"].outbox_listeners:
        listener()
