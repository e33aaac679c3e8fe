"""Answers kept for a day, so that a repeated request with the same key is carried out once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.core.database import Base, UTCDateTime


class IdempotentRequest(Base):
    """One key of one person. `committed_at` is written in the transaction of the request's own action: when the
    process dies before it answers, a repetition still knows that the work is done.
    """

    __tablename__ = "web_idempotency"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    viewer_id: Mapped[int]  # 0 is nobody; no foreign key: rows live for a day
    key: Mapped[str] = mapped_column(String(255))
    request_hash: Mapped[str] = mapped_column(String(64))
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    committed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    body: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        UniqueConstraint("viewer_id", "key"),
        Index("ix_web_idempotency_started_at", "started_at"),
    )
