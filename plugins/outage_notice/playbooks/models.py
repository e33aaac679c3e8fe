"""The playbook."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.plugin_api import Base, Choice, UTCDateTime
from plugins.outage_notice.announcements.rules import Effect, Kind
from plugins.outage_notice.playbooks.rules import Purpose


class Playbook(Base):
    """A scenario prepared in advance. The JSON columns hold what `rules.Content.to_columns` makes of it.

    `slug` names one that comes with the program. `reminded_for` is the review date that the owner was reminded of.
    """

    __tablename__ = "outage_playbook"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str | None] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    purpose: Mapped[Purpose] = mapped_column(Choice(Purpose))
    kind: Mapped[Kind] = mapped_column(Choice(Kind))
    severity: Mapped[int]
    locale: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    workaround: Mapped[str] = mapped_column(Text)
    automated_reply_text: Mapped[str] = mapped_column(Text)
    translations: Mapped[dict[str, Any]] = mapped_column(JSON)
    blanks: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    services: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    audience: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    service_words: Mapped[str] = mapped_column(String(200))
    effect: Mapped[Effect] = mapped_column(Choice(Effect))
    is_public: Mapped[bool]
    mention_in_automated_replies: Mapped[bool]
    calls_by_mail: Mapped[bool]
    next_update_minutes: Mapped[int | None]
    eta_minutes: Mapped[int | None]
    duration_minutes: Mapped[int | None]
    lead_minutes: Mapped[int | None]
    notice_plan: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    checklist: Mapped[list[str]] = mapped_column(JSON)
    people: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    briefing: Mapped[dict[str, Any]] = mapped_column(JSON)
    review_on: Mapped[date | None]
    reminded_for: Mapped[date | None]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (Index("ix_outage_playbook_review_on", "review_on"),)
