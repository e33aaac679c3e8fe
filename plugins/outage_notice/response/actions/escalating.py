"""Reminding of promises and telling the next person when one is late: each step of each promise once."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from helpdesk.plugin_api import (
    Viewer,
    db,
    insert_into,
    is_mail_address,
    queue_mail,
    queue_notification,
    record_feed,
    transaction,
    viewers,
)
from plugins.outage_notice.announcements.actions.writing import log as note
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.response import queries, wording
from plugins.outage_notice.response.models import Escalation, EscalationTold
from plugins.outage_notice.response.queries.promises import steps_told
from plugins.outage_notice.response.rules import Duty, Tell, TellStep, duty_of_promise, tells_due

log = structlog.get_logger(__name__)


def pursue_promises(now: datetime) -> int:
    """Tell whom the policy names of what comes due or is late. How many steps were taken by this call.

    The promise is computed anew inside the transaction: one that was kept or moved in between tells nobody. The unique
    row of each step is what makes it happen once, whatever the number of processes.
    """
    wanted: defaultdict[int, list[Tell]] = defaultdict(list)
    for live in queries.live_promises(now):
        for tell in tells_due(live.promise, live.escalate_minutes, now):
            wanted[live.record.id].append(tell)
    done = steps_told(wanted) if wanted else set()
    db.session.rollback()  # the read must not hold an old view while others write
    taken = 0
    for announcement_id, tells in wanted.items():
        new = [t for t in tells if (announcement_id, t.promise.kind, t.promise.due_at, t.step) not in done]
        if new:
            taken += _take_safely(announcement_id, now)
    return taken


def _take_safely(announcement_id: int, now: datetime) -> int:
    try:
        return _take(announcement_id, now)
    except Exception:
        log.exception("promises could not be pursued", announcement=announcement_id)
        return 0


def _take(announcement_id: int, now: datetime) -> int:
    with transaction() as session:
        record = session.get(Announcement, announcement_id, with_for_update=True, populate_existing=True)
        if record is None:
            return 0
        taken = 0
        for live in queries.live_promises(now):
            if live.record.id != announcement_id:
                continue
            steps = tells_due(live.promise, live.escalate_minutes, now)
            claimed = [(tell, row_id) for tell in steps if (row_id := _claim(session, record.id, tell, now))]
            taken += len(claimed)
            if claimed:
                _tell(session, record, live.keeper_id, claimed, now)
        if taken:
            record_feed("announcement", record.id)
        return taken


def _claim(session: Session, announcement_id: int, tell: Tell, now: datetime) -> int | None:
    found: int | None = session.scalar(
        insert_into(Escalation)
        .values(
            announcement_id=announcement_id,
            kind=tell.promise.kind,
            due_at=tell.promise.due_at,
            step=tell.step,
            told_at=now,
        )
        .on_conflict_do_nothing(index_elements=["announcement_id", "kind", "due_at", "step"])
        .returning(Escalation.id)
    )
    return found


def _tell(
    session: Session, record: Announcement, keeper_id: int | None, claimed: list[tuple[Tell, int]], now: datetime
) -> None:
    """After a pause several steps are due at once: each person gets one mail, and the timeline says the last one."""
    told: dict[int, tuple[Tell, int]] = {}
    for tell, row_id in claimed:
        for id in _recipients(record, keeper_id, tell.step):
            if id not in told:
                session.add(EscalationTold(escalation_id=row_id, user_id=id))
            told.setdefault(id, (tell, row_id))
    people = viewers(list(told))
    names = []
    for id, (tell, row_id) in told.items():
        person = people.get(id)
        if person is None:
            continue
        names.append(person.name)
        _write(record, person, tell, row_id, now)
    last, last_id = claimed[-1]
    as_whom = _as_whom(record, keeper_id, last)
    notice = wording.promise_notice(record, last.promise, as_whom, names, now)
    queue_notification(notice.subject, notice.text, event_id=f"outage-promise-{last_id}", level=record.severity)
    data = {
        "promise": last.promise.kind.value,
        "due_at": last.promise.due_at.isoformat(),
        "step": last.step.value,
        "text": ", ".join(names),
    }
    kind = "reminded" if last.step is TellStep.owner else "escalated"
    note(session, record, None, now, kind, data=data, after=data)


def _write(record: Announcement, person: Viewer, tell: Tell, row_id: int, now: datetime) -> None:
    if is_mail_address(person.email or ""):
        as_whom = _as_whom(record, person.id, tell)
        letter = wording.promise_letter(record, person, tell.promise, as_whom, now)
        queue_mail(person.email or "", letter.subject, letter.text, event_id=f"outage-promise-{row_id}")


def _owner_of(record: Announcement) -> int | None:
    return record.owner_id or record.created_by_id


def _as_whom(record: Announcement, keeper_id: int | None, tell: Tell) -> TellStep | Duty:
    """In which part somebody is told: of the first step the owner, or whoever has the duty instead."""
    is_others = tell.step is TellStep.owner and keeper_id != _owner_of(record)
    return duty_of_promise(tell.promise.kind) if is_others and keeper_id is not None else tell.step


def _recipients(record: Announcement, keeper_id: int | None, step: TellStep) -> list[int]:
    """Whom a step tells. One that would tell nobody tells the next: a keeper who left does not silence it."""
    if step is TellStep.owner:
        if keeper_id is not None:
            return [keeper_id]
        step = TellStep.team
    if step is TellStep.team:
        found = [id for id in _team(record, keeper_id) if id != keeper_id]
        if found:
            return found
    managers = queries.managers()
    if record.published_at is None:  # agents who manage may not see drafts
        managers = [id for id, person in viewers(managers).items() if person.may_announce] or queries.administrators()
    return [id for id in managers if id != keeper_id] or managers


def _team(record: Announcement, keeper_id: int | None) -> list[int]:
    """The announcers of the teams of its owner and of whoever has the duty, and of the teams that own the services."""
    asked = dict.fromkeys(id for id in (_owner_of(record), keeper_id) if id is not None)
    beside = [colleague for id in asked for colleague in (id, *queries.colleagues_of(id))]
    from_services = [id for id, _role in queries.people_of_services(record.id)]
    both = list(dict.fromkeys([*beside, *from_services]))
    return [id for id, person in viewers(both).items() if person.may_announce]
