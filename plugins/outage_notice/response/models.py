"""What was prepared, who is called, who does what, what agents are told, targets, and who was told of late promises."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.plugin_api import Base, Choice, UTCDateTime
from plugins.outage_notice.response.rules import CallRole, Duty, PromiseKind, TellStep

WAITING = text("answered_at IS NULL")
GENERAL = text("department_id IS NULL")


class Preparation(Base):
    """What a playbook brought to an announcement. `people` are `rules.Callee` as JSON; the playbook may be gone.

    `ticked`: who ticked off which line of the checklist, {"0": {"by": name, "at": ISO time}}.
    """

    __tablename__ = "outage_preparation"
    announcement_id: Mapped[int] = mapped_column(
        ForeignKey("outage_announcement.id", ondelete="CASCADE"), primary_key=True
    )
    playbook_id: Mapped[int | None]
    playbook_name: Mapped[str] = mapped_column(String(120), default="")
    people: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    calls_by_mail: Mapped[bool] = mapped_column(default=True)
    checklist: Mapped[list[str]] = mapped_column(JSON, default=list)
    ticked: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    used_at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (Index("ix_outage_preparation_playbook_id", "playbook_id"),)


class Call(Base):
    """One person called for one outage. `cause` tells the calls of a reopened outage from the first ones."""

    __tablename__ = "outage_call"
    id: Mapped[int] = mapped_column(primary_key=True)
    announcement_id: Mapped[int] = mapped_column(ForeignKey("outage_announcement.id", ondelete="CASCADE"))
    cause: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    role: Mapped[CallRole] = mapped_column(Choice(CallRole))
    task: Mapped[str] = mapped_column(Text, default="")
    called_at: Mapped[datetime] = mapped_column(UTCDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        UniqueConstraint("announcement_id", "cause", "user_id"),
        Index("ix_outage_call_waiting", "user_id", sqlite_where=WAITING, postgresql_where=WAITING),
    )


class DutyHolder(Base):
    """Who leads, writes, or keeps the tickets of one outage now. Who did before stands in the timeline."""

    __tablename__ = "outage_duty"
    announcement_id: Mapped[int] = mapped_column(
        ForeignKey("outage_announcement.id", ondelete="CASCADE"), primary_key=True
    )
    duty: Mapped[Duty] = mapped_column(Choice(Duty), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    since_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Briefing(Base):
    """What agents should know before people call. Agents see it from `sent_at` on."""

    __tablename__ = "outage_briefing"
    announcement_id: Mapped[int] = mapped_column(
        ForeignKey("outage_announcement.id", ondelete="CASCADE"), primary_key=True
    )
    callers_say: Mapped[str] = mapped_column(Text, default="")
    answer: Mapped[str] = mapped_column(Text, default="")
    do_not_promise: Mapped[str] = mapped_column(Text, default="")
    expected_volume: Mapped[str] = mapped_column(String(200), default="")
    revision: Mapped[int] = mapped_column(default=1)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    sent_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


class PromisePolicy(Base):
    """The targets of one level, in minutes; of one department, or of all (`department_id` None).

    None: no target for all; for a department, what holds for all. A level without a row has `rules.DEFAULT_TARGETS`.
    """

    __tablename__ = "outage_promise_policy"
    id: Mapped[int] = mapped_column(primary_key=True)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id", ondelete="CASCADE"))
    severity: Mapped[int]
    first_message_minutes: Mapped[int | None]
    response_minutes: Mapped[int | None]
    update_minutes: Mapped[int | None]
    resolution_minutes: Mapped[int | None]
    escalate_minutes: Mapped[int | None]
    __table_args__ = (
        UniqueConstraint("department_id", "severity"),
        Index(
            "uq_outage_promise_policy_general",
            "severity",
            unique=True,
            sqlite_where=GENERAL,
            postgresql_where=GENERAL,
        ),
    )


class PromisePolicyChange(Base):
    """What a policy was before it was changed: `former` as JSON of `rules.Targets`, None where nothing was agreed."""

    __tablename__ = "outage_promise_policy_change"
    id: Mapped[int] = mapped_column(primary_key=True)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id", ondelete="CASCADE"))
    severity: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    former: Mapped[dict[str, int | None] | None] = mapped_column(JSON(none_as_null=True))
    __table_args__ = (Index("ix_outage_promise_policy_change_changed_at", "changed_at", "id"),)


class Manager(Base):
    """A person who is told last when a promise stays late. Without any, the administrators are."""

    __tablename__ = "outage_management"
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)


class Escalation(Base):
    """Somebody was told of one promise. A promise that moves has another `due_at`, and so a new row."""

    __tablename__ = "outage_escalation"
    id: Mapped[int] = mapped_column(primary_key=True)
    announcement_id: Mapped[int] = mapped_column(ForeignKey("outage_announcement.id", ondelete="CASCADE"))
    kind: Mapped[PromiseKind] = mapped_column(Choice(PromiseKind))
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    step: Mapped[TellStep] = mapped_column(Choice(TellStep))
    told_at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (UniqueConstraint("announcement_id", "kind", "due_at", "step"),)


class EscalationTold(Base):
    __tablename__ = "outage_escalation_told"
    escalation_id: Mapped[int] = mapped_column(ForeignKey("outage_escalation.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    __table_args__ = (Index("ix_outage_escalation_told_user_id", "user_id"),)
