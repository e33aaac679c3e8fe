"""Reviews, their actions, and what people thought of our messages."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.plugin_api import Base, Choice, UTCDateTime
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.reviews.rules import Answer, Cause, Readers, Side

OPEN = text("done_at IS NULL")

# Reports ask by the time that something began; nothing below this room does.
Index("ix_outage_announcement_actual_start_at", Announcement.actual_start_at, Announcement.id)


class Review(Base):
    """What people wrote about one announcement that is over; the figures are read from the timeline.

    A draft until `published_at`. Lists (`contributing`, `went_well`, `to_improve`, `luck`) hold one point for each
    line. `noticed_at` and `found_at` correct what the timeline says. `revision` rises with every save.
    """

    __tablename__ = "outage_review"
    announcement_id: Mapped[int] = mapped_column(
        ForeignKey("outage_announcement.id", ondelete="CASCADE"), primary_key=True
    )
    summary: Mapped[str] = mapped_column(Text, default="")
    cause: Mapped[Cause | None] = mapped_column(Choice(Cause))
    root_cause: Mapped[str] = mapped_column(Text, default="")
    contributing: Mapped[str] = mapped_column(Text, default="")
    went_well: Mapped[str] = mapped_column(Text, default="")
    to_improve: Mapped[str] = mapped_column(Text, default="")
    luck: Mapped[str] = mapped_column(Text, default="")
    public_summary: Mapped[str] = mapped_column(Text, default="")
    noticed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    found_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    readers: Mapped[Readers] = mapped_column(Choice(Readers), default=Readers.staff)
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    writer_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (Index("ix_outage_review_published_at", "published_at", "announcement_id"),)


class ReviewAction(Base):
    """Something to change, with who does it until when. `remind_at` is the next reminder, None once it is done."""

    __tablename__ = "outage_review_action"
    id: Mapped[int] = mapped_column(primary_key=True)
    announcement_id: Mapped[int] = mapped_column(ForeignKey("outage_announcement.id", ondelete="CASCADE"))
    what: Mapped[str] = mapped_column(String(200))
    owner_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    due_on: Mapped[date] = mapped_column(Date)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id", ondelete="SET NULL"))
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    remind_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reminders: Mapped[int] = mapped_column(default=0)  # sent so far
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    __table_args__ = (
        Index("ix_outage_review_action_announcement_id", "announcement_id", "id"),
        Index("ix_outage_review_action_owner_id", "owner_id", "due_on", sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_outage_review_action_remind_at", "remind_at", "id", sqlite_where=OPEN, postgresql_where=OPEN),
    )


class Feedback(Base):
    """One answer of one person from one side, which they may change. The department is that of the answer."""

    __tablename__ = "outage_feedback"
    announcement_id: Mapped[int] = mapped_column(
        ForeignKey("outage_announcement.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    side: Mapped[Side] = mapped_column(Choice(Side), primary_key=True)
    answer: Mapped[Answer] = mapped_column(Choice(Answer))
    comment: Mapped[str] = mapped_column(Text, default="")
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id", ondelete="SET NULL"))
    answered_at: Mapped[datetime] = mapped_column(UTCDateTime)
