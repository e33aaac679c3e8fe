"""The sign of life of the processes that do background work."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.core.database import Base, UTCDateTime


class SchedulingHeartbeat(Base):
    """When a worker's ticker last ran. One row per process, deleted a day after it fell silent."""

    __tablename__ = "scheduling_heartbeat"
    worker: Mapped[str] = mapped_column(String(100), primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
