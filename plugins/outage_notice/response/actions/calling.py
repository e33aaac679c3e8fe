"""Calling people when an outage is published, and "I have it"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import update
from sqlalchemy.orm import Session

from helpdesk.plugin_api import (
    NotFound,
    Role,
    Viewer,
    insert_into,
    is_mail_address,
    now,
    queue_mail,
    queue_notification,
    record_feed,
    transaction,
    viewers,
)
from plugins.outage_notice.announcements import rules as announcing
from plugins.outage_notice.announcements.actions.writing import log
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries import get_announcement
from plugins.outage_notice.announcements.rules import Kind, Severity
from plugins.outage_notice.response import queries, wording
from plugins.outage_notice.response.actions.briefing import release_briefing
from plugins.outage_notice.response.actions.duties import hold
from plugins.outage_notice.response.models import Briefing, Call, Preparation
from plugins.outage_notice.response.rules import CallRole, Duty, duty_of_role, merge_callees, read_callees


def begin_response(announcement_id: int, cause: str, *, only_if_uncalled: bool = False, is_back: bool = False) -> int:
    """Call everybody who is to be called, send the briefing if nobody has, and let the owner lead. Repeat-safe.

    `cause`: "published", or which reopening or raise. `is_back`: it was over. How many were called by this call.
    """
    at = now()
    with transaction() as session:
        record = session.get(Announcement, announcement_id, with_for_update=True, populate_existing=True)
        if record is None or record.kind is Kind.information or not announcing.can_end(record, at):
            return 0
        if only_if_uncalled and queries.calls_of(record.id):
            return 0
        if record.owner_id is not None and record.kind is Kind.incident:
            hold(session, record.id, Duty.lead, record.owner_id, at, only_if_vacant=True)
        preparation = queries.find_preparation(record.id)
        by_mail = preparation is None or preparation.calls_by_mail
        wanted = _whom(record, preparation)
        briefed = [person.id for person, role, _task in wanted if by_mail and role is CallRole.support]
        release_briefing(session, record, None, at, briefed)
        called = [one for one in wanted if _insert(session, record.id, cause, one[0].id, one[1], one[2], at)]
        if called:
            if by_mail:
                _write(session, record, cause, called, is_back=is_back)
            notice = wording.call_notice(record, called, is_back=is_back)
            event_id = f"outage-call-{record.id}-{cause}"
            queue_notification(notice.subject, notice.text, event_id=event_id, level=record.severity)
            names = ", ".join(person.name for person, _role, _task in called)
            log(session, record, None, at, "called", data={"text": names, "cause": cause}, after={"people": names})
            record_feed("announcement", record.id)
        return len(called)


Wanted = list[tuple[Viewer, CallRole, str]]


def _whom(record: Announcement, preparation: Preparation | None) -> Wanted:
    """Whom to call: the people of the playbook; without any, for an incident that is more than a notice, those of the
    services' teams; of level 1 and 2 else the technicians, and the owner rather than nobody.
    """
    if found := _able(_prepared(preparation)):
        return found
    if record.kind is not Kind.incident or record.severity > Severity.minor:
        return []
    team = [(id, _role_of(role), "") for id, role in queries.people_of_services(record.id) if id != record.owner_id]
    if (found := _able(team)) or record.severity > Severity.major:
        return found
    every = [(id, CallRole.technical, "") for id in queries.technicians_for(None) if id != record.owner_id]
    owner = [(record.owner_id, CallRole.technical, "")] if record.owner_id is not None else []
    return _able(every) or _able(owner)


def _prepared(preparation: Preparation | None) -> Iterator[tuple[int, CallRole, str]]:
    callees = read_callees(preparation.people) if preparation is not None else ()
    members = queries.members_of_teams(callee.id for callee in callees if callee.kind == "team")
    for callee in callees:
        ids = [callee.id] if callee.kind == "person" else [id for id, _role in members[callee.id]]
        yield from ((id, callee.role, callee.task) for id in ids)


def _role_of(role: Role) -> CallRole:
    return CallRole.support if role is Role.agent else CallRole.technical


def _able(found: Iterable[tuple[int, CallRole, str]]) -> Wanted:
    """Those of them who are of the staff still, each once."""
    wanted = merge_callees(found)
    people = viewers(list(wanted))
    return [(people[id], role, task) for id, (role, task) in wanted.items() if id in people and people[id].is_staff]


def _insert(
    session: Session, announcement_id: int, cause: str, user_id: int, role: CallRole, task: str, at: datetime
) -> bool:
    """Whether this transaction called the person."""
    found = session.scalar(
        insert_into(Call)
        .values(announcement_id=announcement_id, cause=cause, user_id=user_id, role=role, task=task, called_at=at)
        .on_conflict_do_nothing(index_elements=["announcement_id", "cause", "user_id"])
        .returning(Call.id)
    )
    return found is not None


def _write(
    session: Session, record: Announcement, cause: str, called: list[tuple[Viewer, CallRole, str]], *, is_back: bool
) -> None:
    briefing = session.get(Briefing, record.id)
    for person, role, task in called:
        if is_mail_address(person.email or ""):
            letter = wording.call_letter(record, person, role, task, briefing, is_back=is_back)
            event_id = f"outage-call-{record.id}-{cause}"
            queue_mail(person.email or "", letter.subject, letter.text, event_id=event_id)


def answer_call(actor: Viewer, announcement_id: int) -> Call:
    """The actor has it. The first time counts, and takes a duty that nobody has. Raises NotFound for the uncalled."""
    at = now()
    with transaction() as session:
        record = get_announcement(actor, announcement_id)
        session.refresh(record, with_for_update=True)  # of two who answer at once, one takes the duty
        calls = [one.call for one in queries.calls_of(record.id) if one.call.user_id == actor.id]
        if not calls:
            raise NotFound(_("You are not called for this."))
        call = calls[0]
        answered = session.scalars(
            update(Call)
            .where(Call.id == call.id, Call.answered_at.is_(None))
            .values(answered_at=at)
            .returning(Call)
            .execution_options(synchronize_session=False, populate_existing=True)
        ).one_or_none()
        if answered is None:
            return call
        duty = duty_of_role(answered.role)
        if duty is Duty.tickets or actor.may_announce:
            hold(session, record.id, duty, actor.id, at, only_if_vacant=True)
        log(session, record, actor, at, "call_answered", data={"role": answered.role.value})
        record_feed("announcement", record.id)
        return answered
