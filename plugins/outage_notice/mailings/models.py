"""One message to many, and who got it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.plugin_api import Base, Choice, UTCDateTime
from plugins.outage_notice.mailings.rules import MailKind

UNWRITTEN = text("written_at IS NULL")
UNFOLLOWED = text("followed_at IS NULL")


class Mailing(Base):
    """One message to the audience, or to those of it who were mailed before. `key` makes starting it repeat-safe.

    It is written in chunks: everybody up to the id `reached_id` has been looked at, until `written_at`. `people` got a
    mail, `without_mailbox` could not. `occurrence_on` is the local date in a repetition, else ""; `ends_at` when that
    time was to end. After `attempts` failures in a row it rests until `due_at`; with `written_at` and `error` it was
    given up. `followed_at`: since then those who got it know that it is over, or need not be told.
    """

    __tablename__ = "outage_mailing"
    id: Mapped[int] = mapped_column(primary_key=True)
    announcement_id: Mapped[int] = mapped_column(ForeignKey("outage_announcement.id", ondelete="CASCADE"))
    kind: Mapped[MailKind] = mapped_column(Choice(MailKind))
    key: Mapped[str] = mapped_column(String(64), unique=True)
    occurrence_on: Mapped[str] = mapped_column(String(10), default="")
    minutes_before: Mapped[int | None]  # of an entry of the notice plan
    ends_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    reached_id: Mapped[int] = mapped_column(default=0)
    people: Mapped[int] = mapped_column(default=0)
    without_mailbox: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    error: Mapped[str | None] = mapped_column(String(300))
    written_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    followed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        Index("ix_outage_mailing_announcement_id", "announcement_id", "id"),
        Index("ix_outage_mailing_unwritten", "id", sqlite_where=UNWRITTEN, postgresql_where=UNWRITTEN),
        Index("ix_outage_mailing_unfollowed", "announcement_id", sqlite_where=UNFOLLOWED, postgresql_where=UNFOLLOWED),
    )


class MailedPerson(Base):
    """Who got a mailing, by which mail, and what it promised them: start and end as they were when it was written."""

    __tablename__ = "outage_mailed_person"
    mailing_id: Mapped[int] = mapped_column(ForeignKey("outage_mailing.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    announcement_id: Mapped[int] = mapped_column(ForeignKey("outage_announcement.id", ondelete="CASCADE"))
    mailed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    outbox_id: Mapped[str] = mapped_column(String(32))
    starts_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        Index("ix_outage_mailed_person_announcement_id", "announcement_id", "user_id", "mailing_id"),
        Index("ix_outage_mailed_person_user_id", "user_id"),
    )
