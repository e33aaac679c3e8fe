"""The announcement and what hangs on it: services, targets, texts in other languages, updates, steps, timeline."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from helpdesk.plugin_api import Base, Choice, UTCDateTime
from plugins.outage_notice.announcements.rules import (
    DRILL_MINUTES,
    Effect,
    Kind,
    Plan,
    Status,
    StepKind,
    StepState,
    TicketAction,
    Weight,
    plan_from_json,
    plan_to_json,
)
from plugins.outage_notice.audiences.rules import TargetKind

PENDING = text("state = 'pending'")  # of a Step


class PlanColumn(TypeDecorator[Plan]):
    """A notice plan, kept as JSON; None is the usual one of kind and level."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Plan | None, dialect: Dialect) -> Any:
        return plan_to_json(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Plan | None:
        return plan_from_json(value)


class Announcement(Base):
    """One outage, maintenance or information, written once.

    `revision` rises with every edit and is what If-Match carries. `loud_revision` is the last revision that returned
    to those who had read or hidden it, and `loud_seq` its feed number: a receipt counts when the version that the
    person had on screen is not older. `feed_seq` is the feed number of the last change, and the base of the version
    of its banners. Whoever sets `loud_revision` sets `loud_seq` too.
    `starts_at`/`planned_end_at` are the plan, `actual_start_at`/`actual_end_at` the fact. `show_from`/`show_until`
    bound the banner; None means from publication, until it is over. Wall times are kept in `wall_times` as the author
    meant them ("2026-03-12T20:00" by column name), to be read in `time_zone`.
    """

    __tablename__ = "outage_announcement"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[Kind] = mapped_column(Choice(Kind))
    severity: Mapped[int]
    suggested_severity: Mapped[int | None]
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    workaround: Mapped[str] = mapped_column(Text, default="")
    locale: Mapped[str] = mapped_column(String(10), default="en")
    status: Mapped[Status] = mapped_column(Choice(Status), default=Status.draft)
    must_confirm: Mapped[bool] = mapped_column(default=False)
    must_confirm_by_id: Mapped[int | None]  # who asked for it last
    confirmed_by_id: Mapped[int | None]  # the second technician who approved "must be confirmed"
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    show_from: Mapped[datetime | None] = mapped_column(UTCDateTime)
    show_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    starts_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    planned_end_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    actual_start_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    actual_end_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ends_by_itself: Mapped[bool] = mapped_column(default=False)
    recurrence: Mapped[str | None] = mapped_column(String(500))  # an RFC 5545 RRULE value, without DTSTART
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    wall_times: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    eta: Mapped[datetime | None] = mapped_column(UTCDateTime)
    next_update_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    mention_in_automated_replies: Mapped[bool] = mapped_column(default=True)
    automated_reply_text: Mapped[str] = mapped_column(Text, default="")
    keywords: Mapped[str] = mapped_column(String(500), default="")
    ticket_action: Mapped[TicketAction] = mapped_column(Choice(TicketAction), default=TicketAction.solve)
    is_drill: Mapped[bool] = mapped_column(default=False)
    is_public: Mapped[bool] = mapped_column(default=False)
    revision: Mapped[int] = mapped_column(default=1)
    loud_revision: Mapped[int] = mapped_column(default=1)
    loud_seq: Mapped[int] = mapped_column(default=0)
    feed_seq: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # last change that was not silent
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # resolved, completed, ended, cancelled, withdrawn
    plan: Mapped[int] = mapped_column(default=0)  # number of the plan whose steps count
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    checklist: Mapped[str] = mapped_column(Text, default="")  # one item a line, checked before it is resolved
    drill_minutes: Mapped[int] = mapped_column(default=DRILL_MINUTES)  # how long a drill lasts
    notice_plan: Mapped[Plan | None] = mapped_column(PlanColumn)
    mailed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # first mail to its audience: it may be read then
    undo_until: Mapped[datetime | None] = mapped_column(UTCDateTime)  # until then its resolution holds mails back
    undo_state: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # what the resolution replaced
    __table_args__ = (
        Index("ix_outage_announcement_status", "status", "starts_at"),
        Index("ix_outage_announcement_closed_at", "closed_at", "id"),
        Index("ix_outage_announcement_updated_at", "updated_at", "id"),
    )


class AffectedService(Base):
    __tablename__ = "outage_affected_service"
    announcement_id: Mapped[int] = mapped_column(
        ForeignKey("outage_announcement.id", ondelete="CASCADE"), primary_key=True
    )
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True)
    effect: Mapped[Effect] = mapped_column(Choice(Effect))
    __table_args__ = (Index("ix_outage_affected_service_service_id", "service_id"),)


class AudienceTarget(Base):
    """One target; the audience is the union of all. `ref` is the id as text, "" for everyone."""

    __tablename__ = "outage_audience_target"
    announcement_id: Mapped[int] = mapped_column(
        ForeignKey("outage_announcement.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[TargetKind] = mapped_column(Choice(TargetKind), primary_key=True)
    ref: Mapped[str] = mapped_column(String(40), primary_key=True, default="")


class Translation(Base):
    """The texts in one more language. The announcement's own columns hold the author's language."""

    __tablename__ = "outage_translation"
    announcement_id: Mapped[int] = mapped_column(
        ForeignKey("outage_announcement.id", ondelete="CASCADE"), primary_key=True
    )
    locale: Mapped[str] = mapped_column(String(10), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    workaround: Mapped[str] = mapped_column(Text, default="")


class Update(Base):
    """A dated entry: status, text, ETA; public or internal (the action log)."""

    __tablename__ = "outage_update"
    id: Mapped[int] = mapped_column(primary_key=True)
    announcement_id: Mapped[int] = mapped_column(ForeignKey("outage_announcement.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    is_public: Mapped[bool]
    weight: Mapped[Weight] = mapped_column(Choice(Weight))
    status: Mapped[Status | None] = mapped_column(Choice(Status))
    text: Mapped[str] = mapped_column(Text)
    translations: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # text by locale
    eta: Mapped[datetime | None] = mapped_column(UTCDateTime)
    next_update_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revision: Mapped[int]
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # said by a resolution that was undone
    __table_args__ = (Index("ix_outage_update_announcement_id", "announcement_id", "id"),)


class Step(Base):
    """Something to do at a time, fired at most once. `occurrence_on` is the local date in a recurring plan, else "".

    `minutes_before` tells the mails and the returning banners of one notice plan apart.
    """

    __tablename__ = "outage_step"
    id: Mapped[int] = mapped_column(primary_key=True)
    announcement_id: Mapped[int] = mapped_column(ForeignKey("outage_announcement.id", ondelete="CASCADE"))
    kind: Mapped[StepKind] = mapped_column(Choice(StepKind))
    occurrence_on: Mapped[str] = mapped_column(String(10), default="")
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[StepState] = mapped_column(Choice(StepState), default=StepState.pending)
    fired_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    plan: Mapped[int] = mapped_column(default=1)  # raised whenever the dates change
    minutes_before: Mapped[int] = mapped_column(default=0)
    __table_args__ = (
        UniqueConstraint(
            "announcement_id", "kind", "occurrence_on", "plan", "minutes_before", name="uq_outage_step_planned"
        ),
        Index("ix_outage_step_pending", "due_at", "announcement_id", sqlite_where=PENDING, postgresql_where=PENDING),
    )


class TimelineEntry(Base):
    """What happened to an announcement: published, shown, updated, reached, ended, by whom.

    Append-only, and the database holds everybody to it: a correction is an entry of its own.
    """

    __tablename__ = "outage_timeline_entry"
    id: Mapped[int] = mapped_column(primary_key=True)
    announcement_id: Mapped[int] = mapped_column(ForeignKey("outage_announcement.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    kind: Mapped[str] = mapped_column(String(40))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    is_public: Mapped[bool] = mapped_column(default=False)
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    __table_args__ = (Index("ix_outage_timeline_entry_announcement_id", "announcement_id", "id"),)


class CheckedItem(Base):
    """One item of the checklist that somebody checked before the announcement was resolved with `revision`."""

    __tablename__ = "outage_checked_item"
    id: Mapped[int] = mapped_column(primary_key=True)
    announcement_id: Mapped[int] = mapped_column(ForeignKey("outage_announcement.id", ondelete="CASCADE"))
    revision: Mapped[int]
    item: Mapped[str] = mapped_column(String(300))
    is_needed: Mapped[bool] = mapped_column(default=True)  # False: somebody said that it was not needed this time
    checked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    checked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (Index("ix_outage_checked_item_announcement_id", "announcement_id", "id"),)
