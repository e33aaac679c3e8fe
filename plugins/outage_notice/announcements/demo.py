"""Announcements of the demonstration organisation: every kind and phase, around the present moment."""

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
from plugins.outage_notice.announcements.models import Announcement, TimelineEntry, Update
from plugins.outage_notice.announcements.rules import Draft, Effect, Kind, ServiceEffect, Status, Texts, Weight
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


def load(now: datetime) -> None:
    """Write the stories of the demonstration."""
    write_stories(stories(now), now)


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


def _promised(record: Announcement) -> dict[str, Any]:
    times = {"next_update_at": record.next_update_at, "eta": record.eta}
    return {name: None if moment is None else moment.isoformat() for name, moment in times.items()}


def _tell(session: Session, author: Viewer, record: Announcement, story: Story, at: datetime, now: datetime) -> None:
    record.published_at = record.changed_at = record.updated_at = at
    record.owner_id = author.id
    record.status = rules.first_status(record.kind)
    if record.kind is Kind.incident and record.starts_at is None:
        record.starts_at = at
    start_if_due(record, at if story.ends else now)
    _note(session, record, author, at, "published", is_public=True, data={"title": record.title} | _promised(record))
    for said in story.said:
        _say(session, author, record, said, at + said.after)
    if story.ends is not None:
        after, status = story.ends
        record.status, record.closed_at, record.next_update_at = status, at + after, None
        if status in rules.ENDINGS:
            record.actual_start_at = record.actual_start_at or record.starts_at
            record.actual_end_at = at + after
        _note(session, record, author, at + after, status.value, is_public=True)
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
        data |= {"status": record.status.value} | _promised(record)
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


def stories(now: datetime) -> list[Story]:
    """What is going on at `now`, what is planned, and what has been."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    return [*_active(now, hour), *_planned(hour), *_past(hour), *_drafts(hour)]


def _active(now: datetime, hour: datetime) -> list[Story]:
    vpn = Draft(
        severity=2,
        title="VPN is down for everyone working outside the office",
        description="You can't connect to the VPN. In the office everything works.",
        workaround="Use web mail and the documents in the browser until then.",
        translations={
            "es": Texts(
                "La VPN no funciona para quienes trabajan fuera de la oficina",
                "No se puede conectar a la VPN. En la oficina todo funciona.",
                "Mientras tanto, use el correo web y los documentos en el navegador.",
            ),
            "pt": Texts(
                "A VPN não funciona para quem trabalha fora do escritório",
                "Não é possível ligar à VPN. No escritório tudo funciona.",
                "Entretanto, use o correio web e os documentos no navegador.",
            ),
        },
        starts_at=now - 50 * MINUTE,
        eta=hour + 2 * HOUR,
        next_update_at=now + 25 * MINUTE,
        keywords="vpn, remote access, tunnel",
        is_public=True,
    )
    return [
        Story(
            vpn,
            (("vpn", Effect.major_outage),),
            ("Finance", "Human Resources", "IT Services", "Communications", "Sales"),
            47 * MINUTE,
            (
                Said(6 * MINUTE, "Restarted the second gateway: no change.", is_public=False),
                Said(20 * MINUTE, "A certificate has expired. We are replacing it.", Status.identified),
            ),
        ),
        Story(
            Draft(
                severity=3,
                title="Printing is slow in the town hall",
                description="Printing works but takes up to five minutes.",
                workaround="Choose the printer of another floor.",
                starts_at=now - 3 * HOUR,
                next_update_at=hour + 3 * HOUR,
                keywords="printer, printing",
            ),
            (("printing", Effect.degraded_performance),),
            ("Northbridge Town Council",),
            2 * HOUR,
        ),
        Story(
            Draft(
                kind=Kind.information,
                severity=4,
                title="The service desk answers until 20:00 this week",
                description="You reach us by telephone and by ticket two hours longer than usual.",
                show_until=hour + 4 * DAY,
                mention_in_automated_replies=False,
            ),
            published=DAY,
        ),
    ]


def _planned(hour: datetime) -> list[Story]:
    evening = hour.replace(hour=19) + (DAY if hour.hour >= 17 else timedelta())
    return [
        Story(
            Draft(
                kind=Kind.maintenance,
                severity=2,
                title="ERP is unavailable for an update",
                description="You can't book or approve anything in the ERP. Save your work before it starts.",
                workaround="There is no way around it.",
                show_from=hour - 2 * HOUR,
                starts_at=evening,
                planned_end_at=evening + 2 * HOUR,
                keywords="erp",
                is_public=True,
            ),
            (("erp", Effect.under_maintenance),),
            ("Finance", "Public Works", "Sales"),
            5 * HOUR,
        ),
        Story(
            Draft(
                kind=Kind.maintenance,
                severity=3,
                title="Wi-Fi is interrupted for a few minutes",
                description="The wireless network restarts once in each building.",
                workaround="Use a cable, or wait five minutes.",
                show_from=evening + 2 * DAY,
                starts_at=evening + 3 * DAY,
                planned_end_at=evening + 3 * DAY + HOUR,
                ends_by_itself=True,
            ),
            (("wi-fi", Effect.under_maintenance),),
            published=6 * HOUR,
        ),
        Story(
            Draft(
                kind=Kind.maintenance,
                severity=3,
                title="E-mail archive is being backed up",
                description="Searching old mail is slower than usual.",
                workaround="Search only this year’s mail.",
                starts_at=evening + 3 * HOUR + DAY,
                planned_end_at=evening + 4 * HOUR + DAY,
                ends_by_itself=True,
                recurrence="FREQ=WEEKLY",
                mention_in_automated_replies=False,
            ),
            (("e-mail", Effect.degraded_performance),),
            ("Northbridge Town Council",),
            10 * DAY,
        ),
    ]


def _past(hour: datetime) -> list[Story]:
    return [
        Story(
            Draft(
                severity=1,
                title="E-mail is down for everyone",
                description="You can't send or receive mail. Nothing is lost: mail arrives later.",
                workaround="Call, or use the chat.",
                starts_at=hour - 6 * DAY,
                eta=hour - 6 * DAY + 2 * HOUR,
                is_public=True,
            ),
            (("e-mail", Effect.major_outage),),
            (),
            6 * DAY,
            (
                Said(15 * MINUTE, "A storage system has failed. We switch to the second one.", Status.identified),
                Said(70 * MINUTE, "Mail works again. We are watching it.", Status.monitoring),
                Said(95 * MINUTE, "E-mail works again. We are sorry for the interruption.", Status.resolved),
            ),
            (95 * MINUTE, Status.resolved),
        ),
        Story(
            Draft(
                kind=Kind.maintenance,
                severity=2,
                title="File storage moves to new hardware",
                description="You can't open shared folders.",
                workaround="Copy what you need to your computer before it starts.",
                starts_at=hour - 12 * DAY,
                planned_end_at=hour - 12 * DAY + 4 * HOUR,
            ),
            (("file-storage", Effect.under_maintenance),),
            (),
            13 * DAY,
            (),
            (DAY + 3 * HOUR, Status.completed),
        ),
        Story(
            Draft(
                kind=Kind.maintenance,
                severity=3,
                title="Payroll is unavailable for an update",
                description="You can't see pay slips.",
                workaround="There is no way around it.",
                starts_at=hour - 3 * DAY,
                planned_end_at=hour - 3 * DAY + 2 * HOUR,
            ),
            (("payroll", Effect.under_maintenance),),
            ("Finance", "Human Resources"),
            5 * DAY,
            (Said(DAY, "The supplier is not ready. We choose a new date.", Status.cancelled),),
            (DAY, Status.cancelled),
        ),
        Story(
            Draft(
                kind=Kind.information,
                severity=4,
                title="The canteen card is the new building pass",
                description="Your old pass opens the doors until the end of the month.",
                mention_in_automated_replies=False,
            ),
            published=20 * DAY,
            ends=(10 * DAY, Status.ended),
        ),
    ]


def _drafts(hour: datetime) -> list[Story]:
    return [
        Story(
            Draft(
                kind=Kind.maintenance,
                severity=2,
                title="Telephones are interrupted in Finance",
                description="You can't make or take calls.",
                starts_at=hour + 9 * DAY,
                planned_end_at=hour + 9 * DAY + 3 * HOUR,
            ),
            (("telephone", Effect.under_maintenance),),
            ("Finance",),
        ),
    ]
