"""Starting mailings, and writing them chunk by chunk: after a crash it goes on where the last chunk ended."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

import structlog
from flask_babel import force_locale
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from helpdesk.plugin_api import (
    MailReference,
    failpoint,
    is_mail_address,
    language_for,
    now,
    queue_mail,
    time_zone_for,
    transaction,
)
from plugins.outage_notice.announcements.actions.writing import log as note
from plugins.outage_notice.announcements.models import Announcement, Step
from plugins.outage_notice.announcements.queries.hearers import hear_of_end, hear_of_times
from plugins.outage_notice.announcements.queries.live import freeze
from plugins.outage_notice.announcements.rules import Phase, can_end, current_occurrence, mails_the_end, phase, plan_of
from plugins.outage_notice.announcements.rules.letters import Letter
from plugins.outage_notice.announcements.rules.telling import mail_reference, read_mailing
from plugins.outage_notice.mailings import queries, rules, wording
from plugins.outage_notice.mailings.models import MailedPerson, Mailing
from plugins.outage_notice.mailings.rules import NOTHING, PEOPLE_AT_ONCE, MailKind, Now, Said
from plugins.outage_notice.mailings.wording import Message, Reader

ROUND_SECONDS = 2.0  # no longer: on a busy machine starts and ends of announcements would wait for the round

Letters = dict[tuple[str, str, Said], Letter]  # written already, by language, time zone, and what was told before

log = structlog.get_logger(__name__)


def start_planned(announcement_id: int, step_id: int) -> Mailing | None:
    """Start the mailing of an entry of the notice plan, whose step has fired. None when it was started before."""
    at = now()
    with transaction() as session:
        record, step = _locked(session, announcement_id), session.get(Step, step_id)
        if record is None or step is None:
            return None
        minutes, on = step.minutes_before, step.occurrence_on
        return _start(session, record, MailKind.planned, f"step-{step_id}", on, at, minutes_before=minutes)


def start_correction(announcement_id: int, revision: int) -> Mailing | None:
    """Start telling the times that hold now to everybody who was mailed others, once for each edit (`revision`)."""
    at = now()
    with transaction() as session:
        record = _locked(session, announcement_id)
        if record is None or not can_end(record, at):
            return None
        mailings = queries.unfollowed(announcement_id)
        on = rules.occurrence_now(record, at)
        for one in mailings:  # the time that they were about is another one now
            if one.occurrence_on != on and (one.ends_at is None or one.ends_at > at):
                one.occurrence_on, one.ends_at = on, _occurrence_end(record, at)
        session.flush()
        if not any(one.occurrence_on == on for one in mailings):
            return None
        return _start(session, record, MailKind.changed, f"changed-{announcement_id}-{revision}", on, at)


def start_again(announcement_id: int, revision: int) -> Mailing | None:
    """Start telling those who were mailed that it is over that it is not."""
    at = now()
    with transaction() as session:
        record = _locked(session, announcement_id)
        if record is None or not can_end(record, at) or not queries.mailings_of(announcement_id):
            return None
        return _start(session, record, MailKind.back, f"back-{announcement_id}-{revision}", "", at)


def follow_if_over(announcement_id: int) -> list[Mailing]:
    """Start telling those who were mailed that it is over, as far as it is and the plan says so; that it was called off
    they learn in any case. Nothing while the end can be undone. Safe to repeat.
    """
    at = now()
    with transaction() as session:
        record = _locked(session, announcement_id)
        if record is None:
            return []
        ended = [one for one in queries.unfollowed(announcement_id) if _is_over(record, one, at)]
        started = []
        for on in dict.fromkeys(one.occurrence_on for one in ended):
            about = [one for one in ended if one.occurrence_on == on]
            for one in about:
                one.followed_at = at
            started.append(_tell_end(session, record, on, about[-1].ends_at, at))
        return [one for one in started if one is not None]


def _is_over(record: Announcement, mailing: Mailing, at: datetime) -> bool:
    return rules.is_over(record, mailing.occurrence_on, mailing.ends_at, at)


def _tell_end(
    session: Session, record: Announcement, on: str, ends_at: datetime | None, at: datetime
) -> Mailing | None:
    is_gone = phase(record, at) in (Phase.over, Phase.cancelled)
    kind = rules.ending_of(record.status) if is_gone else MailKind.over
    is_wanted = mails_the_end(plan_of(record)) and not queries.was_missed(record.id, on)
    if kind is MailKind.over and not is_wanted:
        return None
    revision = record.revision if is_gone else 0
    mailing = _start(session, record, kind, f"{kind}-{record.id}-{on}-{revision}", on, at)
    if mailing is not None:
        mailing.followed_at = at
        mailing.ends_at = None if is_gone else ends_at
    return mailing


def _locked(session: Session, announcement_id: int) -> Announcement | None:
    return session.get(Announcement, announcement_id, with_for_update=True, populate_existing=True)


def _start(
    session: Session,
    record: Announcement,
    kind: MailKind,
    key: str,
    on: str,
    at: datetime,
    *,
    minutes_before: int | None = None,
) -> Mailing | None:
    if queries.find_mailing(key) is not None:
        return None
    mailing = Mailing(
        announcement_id=record.id,
        kind=kind,
        key=key,
        occurrence_on=on,
        minutes_before=minutes_before,
        ends_at=_occurrence_end(record, at) if on else None,
        started_at=at,
    )
    session.add(mailing)
    session.flush()
    return mailing


def _occurrence_end(record: Announcement, at: datetime) -> datetime | None:
    occurrence = current_occurrence(record, at)
    return None if occurrence is None else occurrence.end


def write_waiting(_now: datetime) -> int:
    """Write to those whose turn it is, for some seconds. How many people got a mail."""
    done, end = 0, time.monotonic() + ROUND_SECONDS
    for mailing_id in queries.unwritten_ids():
        try:
            written = write_chunk(mailing_id)
            while written is not None and time.monotonic() < end:
                done += written
                written = write_chunk(mailing_id)
            done += written or 0
        except Exception:
            log.exception("a mailing failed", mailing=mailing_id)
    return done


def write_chunk(mailing_id: int) -> int | None:
    """Write to the next people, in one transaction: how many. None when nobody is left, or it has to wait."""
    at = now()
    with transaction() as session:
        found = session.get(Mailing, mailing_id)
        record = None if found is None else _locked(session, found.announcement_id)
        mailing = session.get(Mailing, mailing_id, with_for_update=True, populate_existing=True)
        if record is None or mailing is None or mailing.written_at is not None:
            return None
        state = rules.what_now(record, mailing.kind, mailing.occurrence_on, at)
        if state is Now.wait:
            return None
        if state is Now.stop:
            _finish(session, record, mailing, at, was_stopped=True)
            return None
        written = _write_page(session, record, mailing, at)
        failpoint("mailing_chunk")
        return written


def _write_page(session: Session, record: Announcement, mailing: Mailing, at: datetime) -> int | None:
    said = rules.said_at(record, at)
    about = freeze([record])[0]
    if mailing.kind is MailKind.planned:
        people = queries.page_of_audience(record.id, mailing.reached_id, PEOPLE_AT_ONCE)
        wanted = [(reader, NOTHING) for reader in people]
        last = people[-1].id if len(people) == PEOPLE_AT_ONCE else None
    else:
        told = queries.page_of_told(mailing, PEOPLE_AT_ONCE)
        anyway = _told_anyway(record, mailing, told, said)
        wanted = [
            (one.reader, one.said) for one in told if one.reader.id not in anyway and _is_news(mailing, one, said)
        ]
        last = told[-1].reader.id if len(told) == PEOPLE_AT_ONCE else None
    letters: Letters = {}
    before = mailing.people
    for reader, former in wanted:
        message = Message(mailing.kind, about, said, at, former, mailing.ends_at)
        _mail(session, mailing, message, reader, letters)
    if last is None:
        _finish(session, record, mailing, at)
        return mailing.people - before or None
    mailing.reached_id = last
    return mailing.people - before


def _told_anyway(record: Announcement, mailing: Mailing, told: Sequence[queries.Told], said: Said) -> set[int]:
    """Who waits with a ticket or follows is told there that it is over, or when it should be: one mail says it all."""
    if mailing.kind in rules.ENDINGS:
        ended_at = mailing.ends_at or record.closed_at or mailing.started_at
        return hear_of_end(record.id, [one.reader.id for one in told], ended_at)
    if mailing.kind is MailKind.changed:
        return hear_of_times(record.id, [one.reader.id for one in told if not rules.has_moved(one.said, said)])
    return set()


def _is_news(mailing: Mailing, told: queries.Told, said: Said) -> bool:
    if not told.is_concerned:
        return False
    if mailing.kind is MailKind.changed:
        return told.kind not in rules.ENDINGS and rules.is_wrong(told.said, said)
    return (told.kind is MailKind.over) if mailing.kind is MailKind.back else told.kind not in rules.ENDINGS


def _mail(
    session: Session,
    mailing: Mailing,
    message: Message,
    reader: Reader,
    letters: Letters,
) -> None:
    """Queue this person's mail, and remember what it promises."""
    if not is_mail_address(reader.email or ""):
        mailing.without_mailbox += 1
        return
    locale, zone = language_for(reader.locale), time_zone_for(reader.time_zone).key
    kind = (locale, zone, message.told)
    if kind not in letters:
        letters[kind] = wording.write_letter(message, locale, zone)
    letter = letters[kind]
    with force_locale(locale):
        text = wording.mail_text(letter, reader)
    outbox_id = queue_mail(
        reader.email or "",
        letter.subject,
        text,
        event_id=f"outage-mailing-{mailing.id}",
        reference=mail_reference(mailing.announcement_id, reader.id, mailing.id),
    )
    if outbox_id is None:  # the same mailbox under another name
        return
    mailing.people += 1
    session.add(
        MailedPerson(
            mailing_id=mailing.id,
            user_id=reader.id,
            announcement_id=mailing.announcement_id,
            mailed_at=message.now,
            outbox_id=outbox_id,
            starts_at=message.said.starts_at,
            ends_at=message.said.ends_at,
        )
    )


def mail_is_wanted(reference: MailReference, at: datetime) -> bool | None:
    """Whether a mail that is about to go out still says what is true; None: it is none of a mailing.

    Who does not get it was not told: nothing that follows from it goes to them either.
    """
    is_wanted = queries.is_wanted(reference, at)
    ids = read_mailing(reference)
    if is_wanted is False and ids is not None:
        mailing_id, user_id = ids
        with transaction() as session:
            person = (MailedPerson.mailing_id == mailing_id, MailedPerson.user_id == user_id)
            gone = session.scalar(delete(MailedPerson).where(*person).returning(MailedPerson.user_id))
            if gone is not None:
                fewer = update(Mailing).where(Mailing.id == mailing_id).values(people=Mailing.people - 1)
                session.execute(fewer.execution_options(synchronize_session=False))
    return is_wanted


def _finish(
    session: Session, record: Announcement, mailing: Mailing, at: datetime, *, was_stopped: bool = False
) -> None:
    """Nobody is left, or it is not wanted any more. The timeline says how many were written to."""
    mailing.written_at = at
    if not mailing.people and (was_stopped or mailing.kind is not MailKind.planned):
        return
    data = {
        "mailing_id": mailing.id,
        "mailing": mailing.kind.value,
        "minutes_before": mailing.minutes_before,
        "mailed": mailing.people,
        "without_mailbox": mailing.without_mailbox,
    }
    note(session, record, None, at, "mailed", is_public=True, data=data, after=data)
