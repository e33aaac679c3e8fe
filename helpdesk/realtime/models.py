"""Who is connected to which process."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.core.database import Base, UTCDateTime


class RealtimePresence(Base):
    """One row for each web process: who is connected to it, and which tickets its staff have open.

    `watching` is a list of [ticket number or name of a page, user id, is writing].
    """

    __tablename__ = "realtime_presence"
    process: Mapped[str] = mapped_column(String(120), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
    user_ids: Mapped[list[int]] = mapped_column(JSON)
    watching: Mapped[list[tuple[int | str, int, int]]] = mapped_column(JSON)
