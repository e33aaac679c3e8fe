"""Alerts of monitoring systems: rules that map them, where each stands, and what was received."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.plugin_api import Base, Choice, UTCDateTime
from plugins.outage_notice.announcements.rules import Effect
from plugins.outage_notice.intake.rules import AlertAudience, AlertStatus, Outcome


class AlertRule(Base):
    """Which alerts mean which service. The first rule (by `position`, then id) whose matchers all hold counts.

    `matchers` are lines such as `alertname=VPN*`. `severity` None: as impact suggests. `publishes_by_id`: the
    technician who let it publish by itself, in whose name it does.
    """

    __tablename__ = "outage_alert_rule"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    matchers: Mapped[str] = mapped_column(String(2000))
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id", ondelete="CASCADE"))
    effect: Mapped[Effect] = mapped_column(Choice(Effect))
    severity: Mapped[int | None]
    audience: Mapped[AlertAudience] = mapped_column(Choice(AlertAudience))
    publishes: Mapped[bool] = mapped_column(default=False)
    publishes_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    is_active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)
    revision: Mapped[int] = mapped_column(default=1)
    __table_args__ = (Index("ix_outage_alert_rule_position", "position", "id"),)


class Alert(Base):
    """One thing that a source watches, and how it is now. `changes`: moments of its latest changes, to see flapping.

    `first_seen_at`, `seen_at`: when it was heard of first and last, also by the same again; None before this was kept.
    `starts_at`: of the present or last firing. `announcement_id`: the outage that it belongs to now.
    """

    __tablename__ = "outage_alert"
    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(60))
    fingerprint: Mapped[str] = mapped_column(String(120))
    group_key: Mapped[str] = mapped_column(String(300), default="")
    title: Mapped[str] = mapped_column(String(200))
    status: Mapped[AlertStatus] = mapped_column(Choice(AlertStatus))
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    first_seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    changes: Mapped[list[Any]] = mapped_column(JSON, default=list)
    flapping_noted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id", ondelete="SET NULL"))
    announcement_id: Mapped[int | None] = mapped_column(ForeignKey("outage_announcement.id", ondelete="SET NULL"))
    __table_args__ = (
        UniqueConstraint("source", "fingerprint"),
        Index("ix_outage_alert_announcement_id", "announcement_id"),
        Index("ix_outage_alert_status", "status", "id"),
    )


class AlertSignal(Base):
    """One received change of an alert, with what became of it. The same one again leaves no row. Kept for 90 days."""

    __tablename__ = "outage_alert_signal"
    id: Mapped[int] = mapped_column(primary_key=True)
    alert_id: Mapped[int] = mapped_column(ForeignKey("outage_alert.id", ondelete="CASCADE"))
    status: Mapped[AlertStatus] = mapped_column(Choice(AlertStatus))
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime)
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(String(2000), default="")
    labels: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    outcome: Mapped[Outcome] = mapped_column(Choice(Outcome))
    rule_id: Mapped[int | None] = mapped_column(ForeignKey("outage_alert_rule.id", ondelete="SET NULL"))
    announcement_id: Mapped[int | None] = mapped_column(ForeignKey("outage_announcement.id", ondelete="SET NULL"))
    received_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    __table_args__ = (
        UniqueConstraint("alert_id", "starts_at", "status"),
        Index("ix_outage_alert_signal_received_at", "received_at", "id"),
        Index("ix_outage_alert_signal_rule_id", "rule_id"),
    )
