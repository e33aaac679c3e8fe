"""Receipts: what reached one person of an announcement, and what they did with its banner."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.plugin_api import Base, UTCDateTime


class Receipt(Base):
    """One row per person and announcement. `delivered_at`, `seen_at`, `affected_at` keep the first time, the others the
    last one. A version of 0 means never. Delivered is drawn on a screen or mailed, whichever came first.

    `read_version`, `hidden_version`, `snoozed_version` are the versions of the banner that the person had on screen
    when they read, hid or snoozed it; they count as long as the announcement's last loud change is not newer.
    `feed_seq` is the feed number of the last change that the person's other tabs must follow.
    """

    __tablename__ = "outage_receipt"
    announcement_id: Mapped[int] = mapped_column(
        ForeignKey("outage_announcement.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    delivered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    hidden_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    snoozed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    affected_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    read_version: Mapped[int] = mapped_column(default=0)
    hidden_version: Mapped[int] = mapped_column(default=0)
    snoozed_version: Mapped[int] = mapped_column(default=0)
    snoozed_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    snooze_count: Mapped[int] = mapped_column(default=0)
    feed_seq: Mapped[int] = mapped_column(default=0)
    __table_args__ = (Index("ix_outage_receipt_user_id", "user_id"),)


class ReachMinute(Base):
    """How many people had an announcement delivered, seen or read, or said to be affected, for the first time within
    one minute.

    `read` counts pressing read or hide, once a person. The sums are the curve of its reach.
    """

    __tablename__ = "outage_reach_minute"
    announcement_id: Mapped[int] = mapped_column(
        ForeignKey("outage_announcement.id", ondelete="CASCADE"), primary_key=True
    )
    minute: Mapped[datetime] = mapped_column(UTCDateTime, primary_key=True)
    delivered: Mapped[int] = mapped_column(default=0)
    seen: Mapped[int] = mapped_column(default=0)
    read: Mapped[int] = mapped_column(default=0)
    affected: Mapped[int] = mapped_column(default=0)
