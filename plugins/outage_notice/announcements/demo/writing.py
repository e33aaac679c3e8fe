"""Writing stories: announcements with a past, as if they had been published and told about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.plugin_api import Department, Role, Service, User, Viewer, record_feed, transaction, viewers
from plugins.outage_notice.announcements import rules
from plugins.outage_notice.announcements.actions.drafts import insert_draft
from plugins.outage_notice.announcements.actions.planning import plan_steps
from plugins.outage_notice.announcements.actions.publishing import start_if_due
from plugins.outage_notice.announcements.actions.saying import promised_in, said_in
from plugins.outage_notice.announcements.models import Announcement, TimelineEntry, Update
from plugins.outage_notice.announcements.queries.records import draft_of
from plugins.outage_notice.announcements.rules import Draft, Effect, Kind, ServiceEffect, Status, Weight
from plugins.outage_notice.audiences.rules import Target, TargetKind

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ZONE = "Europe/Madrid"


@dataclass(frozen=True, slots=True)
class Said:
    """An entry of the story: when after publication, which status, which text."""

    after: timedelta
    text: str
    status: Status | None = None
    is_public: bool = True


@dataclass(frozen=True, slots=True)
class Story:
    """One announcement: services by slug, departments by name; published so long before now (None: a draft)."""

    draft: Draft
    services: tuple[tuple[str, Effect], ...] = ()
    departments: tuple[str, ...] = ()  # none: everyone
    published: timedelta | None = None
    said: tuple[Said, ...] = ()
    ends: tuple[timedelta, Status] | None = None  # after publication


def write_stories(told: Iterable[Story], now: datetime) -> list[Announcement | None]:
    """The records of these stories, written in one transaction; None for each that names nothing that exists."""
    with transaction() as session:
        author = _author(session)
        if author is None:
            return [None for _story in told]
        services = {row.slug: row.id for row in session.execute(select(Service.id, Service.slug))}
        departments = {row.name: row.id for row in session.execute(select(Department.id, Department.name))}
        return [_write(session, author, story, services, departments, now) for story in told]


def _author(session: Session) -> Viewer | None:
    known = select(User.id).where(User.email == "teresa@demo.example")
    anybody = select(User.id).where(User.role == Role.technician, User.disabled_at.is_(None)).order_by(User.id).limit(1)
    found = session.scalar(known) or session.scalar(anybody)
    return None if found is None else viewers([found]).get(found)


def _write(
    session: Session,
    author: Viewer,
    story: Story,
    services: dict[str, int],
    departments: dict[str, int],
    now: datetime,
) -> Announcement | None:
    affected = tuple(ServiceEffect(services[slug], effect) for slug, effect in story.services if slug in services)
    named = [departments[name] for name in story.departments if name in departments]
    if (story.services and not affected) or (story.departments and not named):
        return None
    audience = tuple(Target(TargetKind.department, str(i)) for i in named) or (Target(TargetKind.everyone),)
    at = now - (story.published or HOUR)
    draft = replace(story.draft, services=affected, audience=audience, time_zone=ZONE)
    record = insert_draft(session, author, draft, at)
    _note(session, record, author, at, "created")
    if story.published is not None:
        _tell(session, author, record, story, at, now)
    record.feed_seq = record.loud_seq = record_feed("announcement", record.id)
    return record


def _tell(session: Session, author: Viewer, record: Announcement, story: Story, at: datetime, now: datetime) -> None:
    record.published_at = record.changed_at = record.updated_at = at
    record.owner_id = author.id
    record.status = rules.first_status(record.kind)
    if record.kind is Kind.incident and record.starts_at is None:
        record.starts_at = at
    start_if_due(record, at if story.ends else now)
    data = {"title": record.title} | promised_in(record) | said_in(draft_of(record))
    _note(session, record, author, at, "published", is_public=True, data=data)
    for said in story.said:
        _say(session, author, record, said, at + said.after)
    if story.ends is not None:
        after, status = story.ends
        record.status, record.closed_at, record.next_update_at = status, at + after, None
        if status in rules.ENDINGS:
            record.actual_start_at = record.actual_start_at or record.starts_at
            record.actual_end_at = at + after
        data = {"status": status.value}
        _note(session, record, author, at + after, status.value, is_public=True, data=data)
    else:
        plan_steps(session, record, now)


def _say(session: Session, author: Viewer, record: Announcement, said: Said, at: datetime) -> None:
    if said.is_public:
        record.revision += 1
        record.updated_at = record.changed_at = at
        record.status = said.status or record.status
    row = Update(
        announcement_id=record.id,
        at=at,
        author_id=author.id,
        is_public=said.is_public,
        weight=Weight.update if said.is_public else Weight.silent,
        status=said.status,
        text=said.text,
        translations={},
        eta=record.eta,
        next_update_at=record.next_update_at,
        revision=record.revision,
    )
    session.add(row)
    session.flush()
    kind = "updated" if said.is_public else "noted"
    data: dict[str, Any] = {"update_id": row.id, "text": said.text}
    if said.is_public:
        data |= {"status": record.status.value} | promised_in(record)
    _note(session, record, author, at, kind, is_public=said.is_public, data=data)


def _note(
    session: Session,
    record: Announcement,
    author: Viewer,
    at: datetime,
    kind: str,
    *,
    is_public: bool = False,
    data: dict[str, Any] | None = None,
) -> None:
    session.add(
        TimelineEntry(
            announcement_id=record.id, at=at, kind=kind, actor_id=author.id, is_public=is_public, data=data or {}
        )
    )
