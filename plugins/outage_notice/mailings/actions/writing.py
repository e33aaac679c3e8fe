"""Writing mailings chunk by chunk: after a crash it goes on where the last chunk ended."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

import structlog
from flask_babel import force_locale
from sqlalchemy.orm import Session

from helpdesk.plugin_api import (
    failpoint,
    is_mail_address,
    language_for,
    now,
    queue_mail,
    raise_alarm,
    time_zone_for,
    transaction,
)
from plugins.outage_notice.announcements.actions.writing import log as note
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries.hearers import hear_of_end, hear_of_times
from plugins.outage_notice.announcements.queries.live import freeze
from plugins.outage_notice.announcements.rules.letters import Letter
from plugins.outage_notice.announcements.rules.retrying import ATTEMPTS, pause_before_retry
from plugins.outage_notice.announcements.rules.telling import mail_reference
from plugins.outage_notice.mailings import queries, rules, wording
from plugins.outage_notice.mailings.models import MailedPerson, Mailing
from plugins.outage_notice.mailings.queries import lock_announcement
from plugins.outage_notice.mailings.rules import NOTHING, PEOPLE_AT_ONCE, MailKind, Now, Said
from plugins.outage_notice.mailings.wording import Message, Reader

ROUND_SECONDS = 2.0  # no longer: on a busy machine starts and ends of announcements would wait for the round

Letters = dict[tuple[str, str, Said], Letter]  # written already, by language, time zone, and what was told before

log = structlog.get_logger(__name__)


def write_waiting(at: datetime) -> int:
    """Write to those whose turn it is, for some seconds. How many people got a mail. A mailing that fails is tried
    again later, then given up.
    """
    done, end = 0, time.monotonic() + ROUND_SECONDS
    for mailing_id in queries.due_ids(at):
        try:
            written = write_chunk(mailing_id)
            while written is not None and time.monotonic() < end:
                done += written
                written = write_chunk(mailing_id)
            done += written or 0
        except Exception as error:
            log.exception("a mailing failed", mailing=mailing_id)
            given_up = _note_failure(mailing_id, f"{type(error).__name__}: {error}"[:300])
            if given_up is not None:
                raise_alarm("given_up", what=f"OUT-{given_up}")
    return done


def _note_failure(mailing_id: int, error: str) -> int | None:
    """Let it rest, longer each time. The announcement, when its mailing is given up in the end."""
    at = now()
    with transaction() as session:
        record, mailing = _claim(session, mailing_id)
        if record is None or mailing is None:
            return None
        mailing.attempts += 1
        mailing.error = error
        mailing.due_at = at + pause_before_retry(mailing.attempts)
        if mailing.attempts < ATTEMPTS:
            return None
        _finish(session, record, mailing, at, was_stopped=True)
        data = {"mailing": mailing.kind.value, "minutes_before": mailing.minutes_before, "mailed": mailing.people}
        note(session, record, None, at, "mailing_failed", data=data, after=data | {"error": error})
        return record.id


def _claim(session: Session, mailing_id: int) -> tuple[Announcement | None, Mailing | None]:
    """The announcement, then its mailing, both locked; None when nobody is left to write to."""
    found = session.get(Mailing, mailing_id)
    record = None if found is None else lock_announcement(session, found.announcement_id)
    mailing = session.get(Mailing, mailing_id, with_for_update=True, populate_existing=True)
    return (None, None) if mailing is None or mailing.written_at is not None else (record, mailing)


def write_chunk(mailing_id: int) -> int | None:
    """Write to the next people, in one transaction: how many. None when nobody is left, or it has to wait."""
    at = now()
    with transaction() as session:
        record, mailing = _claim(session, mailing_id)
        if record is None or mailing is None:
            return None
        state = rules.what_now(record, mailing.kind, mailing.occurrence_on, at)
        if state is Now.wait:
            return None
        if state is Now.stop:
            mailing.error = None
            _finish(session, record, mailing, at, was_stopped=True)
            return None
        written = _write_page(session, record, mailing, at)
        mailing.attempts, mailing.due_at, mailing.error = 0, None, None
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
