"""The feed: one head row whose number every publishing transaction raises, and what changed at each number.

`UPDATE … RETURNING` of one row orders the numbers like the commits; a sequence would not, and readers would miss rows.
Every web process compares the head once a second and at once when it is poked.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from flask import current_app
from sqlalchemy import Index, String, bindparam, delete, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.core import clock
from helpdesk.core.database import (
    Base,
    UTCDateTime,
    after_commit,
    db,
    require_connection,
    require_transaction,
    table_of,
)

KEPT_HOURS = 48


class FeedHead(Base):
    __tablename__ = "feed_head"
    id: Mapped[int] = mapped_column(primary_key=True)
    epoch: Mapped[str] = mapped_column(String(32))
    seq: Mapped[int]


class FeedEntry(Base):
    """What changed at `seq`: a topic ("user", "ticket", "announcement", "receipt", "catalog", …) and whose."""

    __tablename__ = "feed_entry"
    id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int]
    topic: Mapped[str] = mapped_column(String(40))
    ref: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (Index("ix_feed_entry_seq", "seq"), Index("ix_feed_entry_at", "at"))


# Made once: most writes raise the feed, and it costs more to make a statement than to carry it out.
HEAD, ENTRY = table_of(FeedHead), table_of(FeedEntry)
RAISE = (
    update(HEAD).where(HEAD.c.id == 1).values(seq=HEAD.c.seq + 1).returning(HEAD.c.seq).execution_options(is_short=True)
)
NOTE = insert(ENTRY).inline().execution_options(is_short=True)
STAND = select(HEAD.c.epoch, HEAD.c.seq).where(HEAD.c.id == 1).execution_options(is_short=True)
OLDEST = select(ENTRY.c.seq).order_by(ENTRY.c.seq).limit(1)
SINCE = (
    select(ENTRY.c.seq, ENTRY.c.topic, ENTRY.c.ref, ENTRY.c.at)
    .where(ENTRY.c.seq >= bindparam("seq"))
    .order_by(ENTRY.c.seq, ENTRY.c.id)
    .limit(bindparam("most"))
    .execution_options(is_short=True)
)


class Head(NamedTuple):
    epoch: str
    seq: int


class Change(NamedTuple):
    seq: int
    topic: str
    ref: str
    at: datetime | None = None  # when it was written down


def record(topic: str, *refs: object) -> int:
    """Raise the head inside the running transaction and say what changed. The new number, which is also a version.

    One entry per ref; without refs the whole topic changed.
    """
    connection = require_connection()
    seq: int | None = connection.scalar(RAISE)
    if seq is None:
        raise RuntimeError("the feed has no head: the database is not migrated")
    now = clock.now()
    connection.execute(NOTE, [{"seq": seq, "topic": topic, "ref": str(ref), "at": now} for ref in refs or ("",)])
    after_commit(poke)
    return seq


def head() -> Head:
    """The present head: one indexed read."""
    return Head(*db.session.execute(STAND).one())


def changes_since(seq: int, limit: int = 5000) -> list[Change] | None:
    """What changed after `seq`, oldest first. None when that is no longer known or is too much: start afresh."""
    rows = db.session.execute(SINCE, {"seq": seq, "most": limit + 1}).all()
    if len(rows) > limit:
        return None
    changes = [Change(*row) for row in rows if row.seq > seq]
    # While the entries of `seq` itself are there, nothing after it was pruned; it may also never have had any.
    if len(changes) == len(rows) and not _is_known_since(seq):
        return None
    return changes


def _is_known_since(seq: int) -> bool:
    oldest = db.session.scalar(OLDEST)
    return (oldest is not None and oldest <= seq + 1) or head().seq <= seq


def prune(now: datetime) -> int:
    """Delete entries older than two days; whoever was away longer starts afresh. Needs a transaction."""
    session = require_transaction()
    newest = select(FeedHead.seq).where(FeedHead.id == 1).scalar_subquery()
    result = session.execute(
        delete(FeedEntry).where(FeedEntry.at < now - timedelta(hours=KEPT_HOURS), FeedEntry.seq < newest)
    )
    return int(getattr(result, "rowcount", 0))


def poke() -> None:
    """Wake whoever follows the feed in this process, and in others through the wake-up channel if there is one."""
    for listener in _listeners():
        listener()


def _listeners() -> list[Callable[[], None]]:
    listeners: list[Callable[[], None]] = current_app.extensions["helpdesk"].feed_listeners
    return listeners
