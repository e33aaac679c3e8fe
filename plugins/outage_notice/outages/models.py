"""Which tickets belong to an outage, who follows it, and who is told what."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.plugin_api import Base, Choice, UTCDateTime
from plugins.outage_notice.outages.rules import BroadcastKind, By, How, ItemState, Result

ACTIVE = text("unlinked_at IS NULL AND ended_at IS NULL")
TOLD = text("told_at IS NOT NULL")
NO_TICKET = text("ticket_id IS NULL")
WAITING = text("state = 'waiting'")


class TicketLink(Base):
    """A ticket and the outage it belongs to, or might (`how` suggested). At most one active row for each ticket.

    Active until somebody unlinks it or the outage ends. A requester's message after `caught_up_at` (opening or linking,
    then each reply to all) is one that no broadcast has answered. `ended_as` is the status that the ending gave.
    """

    __tablename__ = "outage_ticket_link"
    id: Mapped[int] = mapped_column(primary_key=True)
    announcement_id: Mapped[int] = mapped_column(ForeignKey("outage_announcement.id", ondelete="CASCADE"))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"))
    how: Mapped[How] = mapped_column(Choice(How))
    by: Mapped[By] = mapped_column(Choice(By))
    linked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    linked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    caught_up_at: Mapped[datetime] = mapped_column(UTCDateTime)
    unlinked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    unlinked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_as: Mapped[str | None] = mapped_column(String(20))
    __table_args__ = (
        Index("uq_outage_ticket_link_active", "ticket_id", unique=True, sqlite_where=ACTIVE, postgresql_where=ACTIVE),
        Index("ix_outage_ticket_link_announcement_id", "announcement_id", "id"),
        Index("ix_outage_ticket_link_ticket_id", "ticket_id", "id"),
    )


class Follower(Base):
    """A person who follows an outage without a ticket, and gets the closing message."""

    __tablename__ = "outage_follower"
    announcement_id: Mapped[int] = mapped_column(
        ForeignKey("outage_announcement.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    followed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (Index("ix_outage_follower_user_id", "user_id"),)


class Broadcast(Base):
    """One message to all who wait for an outage: a reply of an agent (`text`), or the closing, written per language.

    `key` makes starting it repeat-safe: the same form sent twice starts one.
    """

    __tablename__ = "outage_broadcast"
    id: Mapped[int] = mapped_column(primary_key=True)
    announcement_id: Mapped[int] = mapped_column(ForeignKey("outage_announcement.id", ondelete="CASCADE"))
    kind: Mapped[BroadcastKind] = mapped_column(Choice(BroadcastKind))
    text: Mapped[str] = mapped_column(Text, default="")
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    __table_args__ = (Index("ix_outage_broadcast_announcement_id", "announcement_id", "kind", "created_at"),)


class BroadcastItem(Base):
    """One ticket of a broadcast, or one follower (no ticket). Claimed by a conditional update from `waiting`.

    `told_at`: this item carried the message to its person; the database allows one for each person and broadcast.
    """

    __tablename__ = "outage_broadcast_item"
    id: Mapped[int] = mapped_column(primary_key=True)
    broadcast_id: Mapped[int] = mapped_column(ForeignKey("outage_broadcast.id", ondelete="CASCADE"))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"))
    link_id: Mapped[int | None] = mapped_column(ForeignKey("outage_ticket_link.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    state: Mapped[ItemState] = mapped_column(Choice(ItemState), default=ItemState.waiting)
    result: Mapped[Result | None] = mapped_column(Choice(Result))
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(String(300))
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    told_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        UniqueConstraint("broadcast_id", "ticket_id"),
        Index(
            "uq_outage_broadcast_item_told",
            "broadcast_id",
            "user_id",
            unique=True,
            sqlite_where=TOLD,
            postgresql_where=TOLD,
        ),
        Index(
            "uq_outage_broadcast_item_follower",
            "broadcast_id",
            "user_id",
            unique=True,
            sqlite_where=NO_TICKET,
            postgresql_where=NO_TICKET,
        ),
        Index("ix_outage_broadcast_item_waiting", "due_at", "id", sqlite_where=WAITING, postgresql_where=WAITING),
        Index("ix_outage_broadcast_item_broadcast_id", "broadcast_id", "id"),
    )
