"""Which tickets belong to an outage, who follows it, and who is told what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.plugin_api import Base, Choice, UTCDateTime
from plugins.outage_notice.outages.rules import BroadcastKind, By, How, ItemState, Result
from plugins.outage_notice.outages.rules.surges import SurgeState

ACTIVE = text("unlinked_at IS NULL AND ended_at IS NULL")
TOLD = text("told_at IS NOT NULL")
NO_TICKET = text("ticket_id IS NULL")
WAITING = text("state = 'waiting'")
OPEN_SURGE = text("state = 'open'")
UNANSWERED = text("answered_at IS NULL")


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
    """One message to all who wait for an outage: a reply of an agent (`text`, in other languages `translations`), or
    what the program says, written per language.

    `key` makes starting it repeat-safe: the same form sent twice starts one.
    """

    __tablename__ = "outage_broadcast"
    id: Mapped[int] = mapped_column(primary_key=True)
    announcement_id: Mapped[int] = mapped_column(ForeignKey("outage_announcement.id", ondelete="CASCADE"))
    kind: Mapped[BroadcastKind] = mapped_column(Choice(BroadcastKind))
    text: Mapped[str] = mapped_column(Text, default="")
    translations: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # text by locale
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


class ToldEta(Base):
    """Which estimate the requester of a ticket was told last, by an automated reply or a correction.

    `eta` None: that there is none yet.
    """

    __tablename__ = "outage_told_eta"
    announcement_id: Mapped[int] = mapped_column(
        ForeignKey("outage_announcement.id", ondelete="CASCADE"), primary_key=True
    )
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    eta: Mapped[datetime | None] = mapped_column(UTCDateTime)
    told_at: Mapped[datetime] = mapped_column(UTCDateTime)


class SurgeLimits(Base):
    """One row, once somebody changed the limits of surges; without it the defaults count."""

    __tablename__ = "outage_surge_limits"
    id: Mapped[int] = mapped_column(primary_key=True)
    tickets: Mapped[int]
    people: Mapped[int] = mapped_column(default=2)
    factor: Mapped[float]
    minutes: Mapped[int]
    silence_minutes: Mapped[int]


class SurgeReport(Base):
    """A recent ticket under each cluster that it counts for: a service, or its words. Kept for a day."""

    __tablename__ = "outage_surge_report"
    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True)
    requester_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (
        Index("ix_outage_surge_report_key", "key", "at", "requester_id"),
        Index("ix_outage_surge_report_at", "at"),
        Index("ix_outage_surge_report_ticket_id", "ticket_id"),
    )


class SurgeHour(Base):
    """What one hour held of one cluster: tickets that count, and the most of them within one window.

    Kept for nine weeks.
    """

    __tablename__ = "outage_surge_hour"
    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    hour: Mapped[datetime] = mapped_column(UTCDateTime, primary_key=True)
    tickets: Mapped[int] = mapped_column(default=0)
    peak: Mapped[int] = mapped_column(default=0)
    __table_args__ = (Index("ix_outage_surge_hour_hour", "hour"),)


class Surge(Base):
    """More tickets of one cluster than its history explains. At most one open for each cluster.

    `detected_at`: when it was first seen; `first_at`: its first ticket. `people` (who wrote), `normal` and `needed` are
    as of then. `evidence` keeps what the page showed when somebody decided. `announcement_id`: the outage made of it.
    """

    __tablename__ = "outage_surge"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(60))
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id", ondelete="CASCADE"))
    word: Mapped[str | None] = mapped_column(String(40))
    state: Mapped[SurgeState] = mapped_column(Choice(SurgeState), default=SurgeState.open)
    detected_at: Mapped[datetime] = mapped_column(UTCDateTime)
    first_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_at: Mapped[datetime] = mapped_column(UTCDateTime)
    window_minutes: Mapped[int]
    people: Mapped[int]
    normal: Mapped[float]
    needed: Mapped[int]
    silenced_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    announcement_id: Mapped[int | None] = mapped_column(ForeignKey("outage_announcement.id", ondelete="SET NULL"))
    evidence: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    __table_args__ = (
        Index("uq_outage_surge_open", "key", unique=True, sqlite_where=OPEN_SURGE, postgresql_where=OPEN_SURGE),
        Index("ix_outage_surge_key", "key", "id"),
        Index("ix_outage_surge_state", "state", "id"),
        Index("ix_outage_surge_announcement_id", "announcement_id"),
    )


class SurgeCall(Base):
    """A technician whom an agent called to look at a surge, and when that person said "I have it"."""

    __tablename__ = "outage_surge_call"
    surge_id: Mapped[int] = mapped_column(ForeignKey("outage_surge.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    called_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    called_at: Mapped[datetime] = mapped_column(UTCDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        Index("ix_outage_surge_call_waiting", "user_id", sqlite_where=UNANSWERED, postgresql_where=UNANSWERED),
    )
