"""Half a year of outages for the demonstration's reports, two of them with a published review and its actions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from helpdesk.plugin_api import Role, User, transaction
from plugins.outage_notice.announcements.demo import DAY, MINUTE, Said, Story, write_stories
from plugins.outage_notice.announcements.models import Announcement, Update
from plugins.outage_notice.announcements.rules import Draft, Effect, Kind, Status
from plugins.outage_notice.reviews.models import Feedback, Review, ReviewAction
from plugins.outage_notice.reviews.rules import TEXT_FIELDS, Answer, Cause, Readers, Side, next_reminder

OWNERS = ("teresa@demo.example", "carla@demo.example", "tomas@demo.example")


@dataclass(frozen=True, slots=True)
class Past:
    """One outage: how long ago it began, minutes until noticed, told, found and fixed, and what its review says."""

    days: float
    service: str
    effect: Effect
    severity: int
    title: str
    minutes: tuple[int, int, int, int]
    cause: Cause
    departments: tuple[str, ...] = ()
    texts: dict[str, str] = field(default_factory=dict)
    actions: tuple[tuple[str, int, bool], ...] = ()  # what, days from now, done
    answers: tuple[int, int, int] = (0, 0, 0)  # yes, partly, no
    is_public: bool = False
    readers: Readers = Readers.affected  # of a review with texts


CERTIFICATE = Past(
    34,
    "vpn",
    Effect.major_outage,
    1,
    "VPN was down for everyone working outside the office",
    (10, 17, 29, 95),
    Cause.certificate,
    texts={
        "summary": (
            "The certificate on both VPN gateways expired. Everyone outside the office lost the connection and could "
            "not sign in again. Work in the browser went on. A new certificate was issued and installed on both."
        ),
        "root_cause": "The certificate of both gateways expired, because nothing renewed it.",
        "contributing": (
            "The renewal job ran under an account that was closed in January.\n"
            "Its failure mail went to a mailbox nobody reads.\n"
            "Expiry dates of certificates are not monitored."
        ),
        "went_well": "The surge of tickets pointed to the cause\nThe workaround stood in the first message",
        "to_improve": "No alarm before the certificate expired\nPeople without a mailbox got no message",
        "luck": "Most visits were planned for the afternoon",
        "public_summary": (
            "You could not connect to the VPN for about an hour and a half. A certificate had expired and is renewed. "
            "From now on an alarm comes weeks before. We are sorry for the interruption."
        ),
    },
    actions=(
        ("Alarm 30 and 7 days before any certificate expires", 1, False),
        ("Move renewal jobs to a service account", -3, False),
        ("Text messages for people without mailbox", -20, True),
    ),
    answers=(14, 6, 3),
    is_public=True,
)
STORAGE = Past(
    12,
    "file-storage",
    Effect.major_outage,
    2,
    "Shared folders were down in Finance and Human Resources",
    (4, 12, 50, 130),
    Cause.hardware,
    ("Finance", "Human Resources"),
    texts={
        "summary": "A disk controller failed, and the second one did not take over until it was restarted by hand.",
        "root_cause": "The controller's software has a known fault in taking over.",
        "contributing": "Taking over was last tested two years ago.",
        "went_well": "No file was lost\nEvery update came in time",
        "to_improve": "The cause was looked for in the network first",
        "public_summary": ("You could not open shared folders for about two hours. No file was lost. We are sorry."),
    },
    actions=(("Test taking over twice a year", 12, False), ("Install the corrected controller software", -2, True)),
    answers=(9, 2, 1),
)
WEBSITE = Past(
    75,
    "website",
    Effect.major_outage,
    1,
    "The website was down",
    (3, 9, 20, 40),
    Cause.change,
    texts={
        "summary": "A change of the settings was put onto both servers at once, and neither could start with it.",
        "root_cause": "The change was tried on a server of another version.",
        "public_summary": "You could not open our website for half an hour. A change of ours was wrong. We are sorry.",
    },
    is_public=True,
    readers=Readers.public,
)
MAJOR, PARTIAL, SLOW = Effect.major_outage, Effect.partial_outage, Effect.degraded_performance
HISTORY = (
    CERTIFICATE,
    STORAGE,
    Past(20, "printing", PARTIAL, 3, "Printing did not work on the second floor", (15, 25, 60, 150), Cause.network),
    Past(27, "erp", SLOW, 2, "ERP was slow for everyone", (20, 32, 80, 240), Cause.capacity),
    Past(48, "e-mail", PARTIAL, 2, "Mail to other organisations arrived late", (12, 20, 45, 110), Cause.supplier),
    Past(61, "vpn", MAJOR, 2, "VPN was down for people at home", (8, 21, 30, 55), Cause.certificate),
    WEBSITE,
    Past(83, "wi-fi", PARTIAL, 3, "Wi-Fi was unreliable in the library", (30, 55, 120, 300), Cause.hardware),
    Past(97, "online-forms", MAJOR, 2, "Online forms could not be sent", (25, 38, 60, 90), Cause.change),
    Past(110, "erp", SLOW, 3, "ERP reports took very long", (40, 70, 100, 260), Cause.capacity),
    Past(128, "telephone", MAJOR, 2, "Telephones were silent in the town hall", (5, 14, 35, 75), Cause.supplier),
    Past(140, "documents", PARTIAL, 3, "Some documents could not be opened", (35, 60, 90, 200), Cause.software),
    Past(152, "e-mail", MAJOR, 1, "E-mail was down for everyone", (4, 13, 40, 85), Cause.supplier),
    Past(166, "payroll", MAJOR, 3, "Pay slips could not be opened", (20, 45, 70, 160), Cause.software),
)
PLANNED = ((40, "erp"), (70, "file-storage"), (100, "erp"), (130, "network"))


def load(now: datetime) -> None:
    """Write the outages, then what was written about them. Without technicians nothing is written."""
    records = write_stories([*(_story(past, now) for past in HISTORY), *_planned(now)], now)
    with transaction() as session:
        emails = select(User.id, User.email).where(User.email.in_(OWNERS))
        known = {row.email: row.id for row in session.execute(emails)}
        owners = [known[email] for email in OWNERS if email in known]
        if not owners:
            return
        for past, record in zip(HISTORY, records, strict=False):
            if record is not None:
                _review(session, past, record.id, owners, now)


def _story(past: Past, now: datetime) -> Story:
    _noticed, told, found, fixed = past.minutes
    started = (now - timedelta(days=past.days)).replace(hour=9, minute=12, second=0, microsecond=0)
    published = started + told * MINUTE
    late = found - told > 35
    draft = Draft(
        severity=past.severity,
        title=past.title,
        description="It does not work as usual.",
        workaround="There is no way around it yet.",
        starts_at=started,
        eta=started + (fixed + (10 if past.severity == 1 else -15)) * MINUTE,
        next_update_at=published + (30 if late else found - told + 5) * MINUTE,
        is_public=past.is_public,
    )
    return Story(
        draft,
        ((past.service, past.effect),),
        past.departments,
        now - published,
        (
            Said(2 * MINUTE, "Several people have called.", is_public=False),
            Said((found - told) * MINUTE, "We have found the cause and are working on it.", Status.identified),
            Said((fixed - told) * MINUTE, "It works again. We are sorry for the interruption.", Status.resolved),
        ),
        ((fixed - told) * MINUTE, Status.resolved),
    )


def _planned(now: datetime) -> list[Story]:
    found = []
    for days, service in PLANNED:
        start = (now - days * DAY).replace(hour=19, minute=0, second=0, microsecond=0)
        draft = Draft(
            kind=Kind.maintenance,
            severity=3,
            title="Planned update in the evening",
            description="It is not available for two hours. Save your work before.",
            starts_at=start,
            planned_end_at=start + 120 * MINUTE,
        )
        published = start - 3 * DAY
        ends = (start + 125 * MINUTE - published, Status.completed)
        effects = ((service, Effect.under_maintenance),)
        found.append(Story(draft, effects, (), now - published, (), ends))
    return found


def _review(session: Session, past: Past, record_id: int, owners: list[int], now: datetime) -> None:
    record = session.get_one(Announcement, record_id)
    started, ended = record.actual_start_at or record.created_at, record.actual_end_at or now
    kept = past.severity < 3  # the next word came when it was promised
    found = update(Update).where(Update.announcement_id == record.id, Update.status == Status.identified)
    session.execute(found.values(next_update_at=ended + (5 if kept else -5) * MINUTE))
    session.add(
        Review(
            announcement_id=record.id,
            **dict.fromkeys(TEXT_FIELDS, "") | past.texts,
            cause=past.cause,
            noticed_at=started + past.minutes[0] * MINUTE,
            readers=past.readers if past.texts else Readers.staff,
            published_at=ended + 3 * DAY if past.texts else None,
            published_by_id=owners[0] if past.texts else None,
            writer_id=owners[0],
            revision=2,
            created_at=ended + DAY,
            updated_at=ended + 3 * DAY,
        )
    )
    for index, (what, days, is_done) in enumerate(past.actions):
        due_on = (now + days * DAY).date()
        owner_id = owners[index % len(owners)]
        session.add(
            ReviewAction(
                announcement_id=record.id,
                what=what,
                owner_id=owner_id,
                due_on=due_on,
                remind_at=None if is_done else next_reminder(due_on, "Europe/Madrid", now),
                reminders=0,
                done_at=now - DAY if is_done else None,
                done_by_id=owner_id if is_done else None,
                revision=1,
                created_at=ended + 3 * DAY,
                created_by_id=owners[0],
            )
        )
    _answers(session, past, record, ended)


def _answers(session: Session, past: Past, record: Announcement, ended: datetime) -> None:
    wanted = [answer for answer, count in zip(Answer, past.answers, strict=True) for _n in range(count)]
    people = select(User.id, User.department_id).where(User.role == Role.requester, User.disabled_at.is_(None))
    rows = session.execute(people.order_by(User.department_id, User.id).limit(len(wanted))).all()
    comments = {0: "The workaround helped, thank you.", len(wanted) - 1: "The first message came late."}
    session.add_all(
        Feedback(
            announcement_id=record.id,
            user_id=row.id,
            side=Side.requester,
            answer=answer,
            comment=comments.get(index, ""),
            department_id=row.department_id,
            answered_at=ended + DAY,
        )
        for index, (row, answer) in enumerate(zip(rows, wanted, strict=False))
    )
