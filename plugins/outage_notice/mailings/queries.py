"""Reads of mailings: whom a chunk is for, and which mailings wait or must be followed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from helpdesk.plugin_api import MailReference, User, db
from plugins.outage_notice.announcements.models import Announcement, Step
from plugins.outage_notice.announcements.queries.records import targets_by_id
from plugins.outage_notice.announcements.rules import StepKind, StepState, mails_the_end, plan_of
from plugins.outage_notice.announcements.rules.telling import read_mailing
from plugins.outage_notice.audiences.queries import audience_condition
from plugins.outage_notice.mailings.models import MailedPerson, Mailing
from plugins.outage_notice.mailings.rules import MailKind, Now, Said, is_over, what_now
from plugins.outage_notice.mailings.wording import Reader

READER = (User.id, User.name, User.email, User.locale, User.time_zone)


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody who was mailed before: by which kind of mailing last, what it promised them; whether they are in the
    audience now.
    """

    reader: Reader
    kind: MailKind
    said: Said
    is_concerned: bool


def find_mailing(key: str) -> Mailing | None:
    return db.session.scalars(select(Mailing).where(Mailing.key == key)).one_or_none()


def mailings_of(announcement_id: int) -> list[Mailing]:
    """All of one announcement, in the order in which they began. The caller has authorised."""
    query = select(Mailing).where(Mailing.announcement_id == announcement_id).order_by(Mailing.id)
    return list(db.session.scalars(query))


def unfollowed(announcement_id: int) -> list[Mailing]:
    """Those whose readers have not been told of an end."""
    query = select(Mailing).where(Mailing.announcement_id == announcement_id, Mailing.followed_at.is_(None))
    return list(db.session.scalars(query.order_by(Mailing.id)))


def lock_announcement(session: Session, announcement_id: int) -> Announcement | None:
    """As it is now, locked: before its steps, its mailings and the outbox, as everybody does."""
    return session.get(Announcement, announcement_id, with_for_update=True, populate_existing=True)


def due_ids(now: datetime) -> list[int]:
    """The mailings that are not written to everybody yet and do not rest after a failure, oldest first."""
    is_due = or_(Mailing.due_at.is_(None), Mailing.due_at <= now)
    ids = list(db.session.scalars(select(Mailing.id).where(Mailing.written_at.is_(None), is_due).order_by(Mailing.id)))
    db.session.rollback()  # the read must not hold an old view while others write
    return ids


def over_but_unfollowed(now: datetime) -> list[int]:
    """The announcements that are over, or a time of them is, while those who were mailed know nothing of it."""
    rows = db.session.execute(
        select(Announcement, Mailing.occurrence_on, Mailing.ends_at)
        .join(Mailing, Mailing.announcement_id == Announcement.id)
        .where(Mailing.followed_at.is_(None))
    ).all()
    found = {row[0].id for row in rows if is_over(*row, now)}
    db.session.rollback()
    return sorted(found)


def was_missed(announcement_id: int, occurrence_on: str) -> bool:
    """Whether it passed entirely while nothing ran: then nothing is sent of it."""
    query = select(Step.id).where(
        Step.announcement_id == announcement_id,
        Step.occurrence_on == occurrence_on,
        Step.kind.in_((StepKind.end, StepKind.hide)),
        Step.state == StepState.missed,
    )
    return db.session.scalar(query.limit(1)) is not None


def page_of_audience(announcement_id: int, after_id: int, limit: int) -> list[Reader]:
    """The next people of the audience as it is now, by id."""
    condition = audience_condition(targets_by_id([announcement_id])[announcement_id])
    query = select(*READER).where(condition, User.id > after_id).order_by(User.id).limit(limit)
    return [Reader(*row) for row in db.session.execute(query)]


def page_of_told(mailing: Mailing, limit: int) -> list[Told]:
    """The next people who got another mailing about the same time, by id, with what they were told last."""
    last = (
        select(MailedPerson.user_id, func.max(MailedPerson.mailing_id).label("mailing_id"))
        .join(Mailing, Mailing.id == MailedPerson.mailing_id)
        .where(
            MailedPerson.announcement_id == mailing.announcement_id,
            MailedPerson.user_id > mailing.reached_id,
            MailedPerson.mailing_id < mailing.id,
            Mailing.occurrence_on == mailing.occurrence_on,
        )
        .group_by(MailedPerson.user_id)
        .order_by(MailedPerson.user_id)
        .limit(limit)
        .subquery()
    )
    rows = db.session.execute(
        select(*READER, Mailing.kind, MailedPerson.starts_at, MailedPerson.ends_at)
        .join(last, last.c.user_id == User.id)
        .join(Mailing, Mailing.id == last.c.mailing_id)
        .join(
            MailedPerson,
            (MailedPerson.mailing_id == last.c.mailing_id) & (MailedPerson.user_id == last.c.user_id),
        )
        .order_by(User.id)
    ).all()
    concerned = _in_audience(mailing.announcement_id, [row[0] for row in rows])
    return [Told(Reader(*row[:5]), row[5], Said(row[6], row[7]), row[0] in concerned) for row in rows]


def _in_audience(announcement_id: int, user_ids: Sequence[int]) -> set[int]:
    condition = audience_condition(targets_by_id([announcement_id])[announcement_id])
    return set(db.session.scalars(select(User.id).where(User.id.in_(user_ids), condition)))


def is_wanted(reference: MailReference, now: datetime) -> bool | datetime | None:
    """Whether a mail of a mailing still says what is true to somebody whom it concerns, or the moment until which an
    end can be undone; None: it is none of them.
    """
    found = read_mailing(reference)
    if found is None:
        return None
    mailing_id, user_id = found
    mailing = db.session.get(Mailing, mailing_id)
    record = None if mailing is None else db.session.get(Announcement, mailing.announcement_id)
    if mailing is None or record is None:
        return False
    state = what_now(record, mailing.kind, mailing.occurrence_on, now)
    if state is not Now.go:
        return record.undo_until or False if state is Now.wait else False
    if mailing.kind is not MailKind.planned and not _was_mailed_before(mailing, user_id):
        return False
    return bool(_in_audience(record.id, [user_id]))


def _was_mailed_before(mailing: Mailing, user_id: int) -> bool:
    query = (
        select(MailedPerson.mailing_id)
        .join(Mailing, Mailing.id == MailedPerson.mailing_id)
        .where(
            MailedPerson.announcement_id == mailing.announcement_id,
            MailedPerson.user_id == user_id,
            MailedPerson.mailing_id < mailing.id,
            Mailing.occurrence_on == mailing.occurrence_on,
        )
    )
    return db.session.scalar(query.limit(1)) is not None


def ending_facts(announcement_id: int) -> dict[str, int]:
    """How many people its end would mail, see `announcements.views.blueprint.offer_ending_facts`."""
    record = db.session.get(Announcement, announcement_id)
    mailings = mailings_of(announcement_id) if record is not None else []
    if record is None or not mailings:
        return {}
    open_ids = [one.id for one in mailings if one.followed_at is None and one.people]
    mailed = _count_concerned(announcement_id, open_ids)
    over = [one.id for one in mailings if one.kind is MailKind.over and one.people][-1:]
    return {
        "mailed": mailed,
        "mailed_end": mailed if mails_the_end(plan_of(record)) else 0,
        "mailed_over": _count_concerned(announcement_id, over),
    }


def _count_concerned(announcement_id: int, mailing_ids: Sequence[int]) -> int:
    """How many people of the audience got one of these mailings."""
    if not mailing_ids:
        return 0
    condition = audience_condition(targets_by_id([announcement_id])[announcement_id])
    people = select(MailedPerson.user_id).where(MailedPerson.mailing_id.in_(mailing_ids))
    return db.session.scalar(select(func.count()).select_from(User).where(User.id.in_(people), condition)) or 0


def pending_steps(announcement_id: int, kinds: Iterable[StepKind]) -> list[Step]:
    """What will be done at a time, the next first. The caller has authorised."""
    query = select(Step).where(
        Step.announcement_id == announcement_id, Step.state == StepState.pending, Step.kind.in_(list(kinds))
    )
    return list(db.session.scalars(query.order_by(Step.due_at, Step.id)))
