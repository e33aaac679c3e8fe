"""Starting mailings: what begins, once, and what it is about."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.plugin_api import now, transaction
from plugins.outage_notice.announcements.models import Announcement, Step
from plugins.outage_notice.announcements.rules import Phase, can_end, current_occurrence, mails_the_end, phase, plan_of
from plugins.outage_notice.mailings import queries, rules
from plugins.outage_notice.mailings.models import Mailing
from plugins.outage_notice.mailings.queries import lock_announcement
from plugins.outage_notice.mailings.rules import MailKind


def start_planned(announcement_id: int, step_id: int) -> Mailing | None:
    """Start the mailing of an entry of the notice plan, whose step has fired. None when it was started before."""
    at = now()
    with transaction() as session:
        record, step = lock_announcement(session, announcement_id), session.get(Step, step_id)
        if record is None or step is None:
            return None
        minutes, on = step.minutes_before, step.occurrence_on
        return _start(session, record, MailKind.planned, f"step-{step_id}", on, at, minutes_before=minutes)


def start_correction(announcement_id: int, revision: int) -> Mailing | None:
    """Start telling the times that hold now to everybody who was mailed others, once for each edit (`revision`)."""
    at = now()
    with transaction() as session:
        record = lock_announcement(session, announcement_id)
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
        record = lock_announcement(session, announcement_id)
        if record is None or not can_end(record, at) or not queries.mailings_of(announcement_id):
            return None
        return _start(session, record, MailKind.back, f"back-{announcement_id}-{revision}", "", at)


def follow_if_over(announcement_id: int) -> list[Mailing]:
    """Start telling those who were mailed that it is over, as far as it is and the plan says so; that it was called off
    they learn in any case. Nothing while the end can be undone. Safe to repeat.
    """
    at = now()
    with transaction() as session:
        record = lock_announcement(session, announcement_id)
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
