"""What agents are told: written, and sent before or with the public text."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from helpdesk.plugin_api import (
    Conflict,
    Invalid,
    Stale,
    Viewer,
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
from plugins.outage_notice.announcements.queries.records import get_for_change
from plugins.outage_notice.announcements.rules import TEXT_LIMIT, Severity, Status
from plugins.outage_notice.response import queries, wording
from plugins.outage_notice.response.models import Briefing


@dataclass(frozen=True, slots=True)
class BriefingTexts:
    callers_say: str = ""
    answer: str = ""
    do_not_promise: str = ""
    expected_volume: str = ""


def save_briefing(
    actor: Viewer,
    announcement_id: int,
    texts: BriefingTexts,
    expected_revision: int | None = None,
    *,
    send: bool = False,
) -> Briefing:
    """Write the briefing of an announcement; `send` shows it to agents at once, also while it is a draft.

    Of what is published, a briefing is seen as soon as it is saved. Raises Invalid, Stale, Conflict when it is over.
    """
    at = now()
    with transaction() as session:
        record = _changeable(actor, announcement_id, at)
        _require_texts(texts, send)
        row = session.get(Briefing, record.id, with_for_update=True, populate_existing=True)
        if row is None:
            if expected_revision not in (None, 0):
                raise Stale(_("Somebody else saved this in the meantime."), {"revision": 0})
            row = Briefing(announcement_id=record.id, updated_at=at, **asdict(texts))
            session.add(row)
        else:
            if expected_revision is not None and expected_revision != row.revision:
                raise Stale(_("Somebody else saved this in the meantime."), {"revision": row.revision})
            for name, text in asdict(texts).items():
                setattr(row, name, text)
            row.revision, row.updated_at = row.revision + 1, at
        session.flush()
        log(session, record, actor, at, "briefing_written", after=asdict(texts))
        if send or record.status is not Status.draft:
            release_briefing(session, record, actor, at)
        record_feed("announcement", record.id)
        return row


def send_briefing(actor: Viewer, announcement_id: int) -> None:
    """Show the briefing to agents now. Raises Conflict when there is none."""
    at = now()
    with transaction() as session:
        record = _changeable(actor, announcement_id, at)
        if not release_briefing(session, record, actor, at) and session.get(Briefing, record.id) is None:
            raise Conflict(_("Write the briefing first."))


def release_briefing(
    session: Session, record: Announcement, actor: Viewer | None, at: datetime, told: Collection[int] = ()
) -> bool:
    """From now on agents see it; once. Whether this call did it.

    Of level 1 and 2 agents are also written, and the channels, unless the playbook calls nobody by mail. `told`: the
    people who get it with their call.
    """
    row = session.get(Briefing, record.id, with_for_update=True, populate_existing=True)
    if row is None or row.sent_at is not None:
        return False
    row.sent_at, row.sent_by_id = at, None if actor is None else actor.id
    log(session, record, actor, at, "briefed")
    _tell_agents(record, row, told)
    record_feed("announcement", record.id)
    record_feed("ticket")  # wakes open queues at once
    return True


def _tell_agents(record: Announcement, briefing: Briefing, told: Collection[int]) -> None:
    preparation = queries.find_preparation(record.id)
    if record.severity > Severity.major or (preparation is not None and not preparation.calls_by_mail):
        return
    event_id = f"outage-briefing-{record.id}"
    for person in viewers([id for id in queries.agents() if id not in told]).values():
        if is_mail_address(person.email or ""):
            letter = wording.briefing_letter(record, person, briefing)
            queue_mail(person.email or "", letter.subject, letter.text, event_id=event_id)
    notice = wording.briefing_notice(record)
    queue_notification(notice.subject, notice.text, event_id=event_id, level=record.severity)


def _changeable(actor: Viewer, announcement_id: int, at: datetime) -> Announcement:
    record = get_for_change(actor, announcement_id)
    if record.status is not Status.draft and not announcing.can_end(record, at):
        raise Conflict(_("This announcement is over already."))
    return record


def _require_texts(texts: BriefingTexts, send: bool) -> None:
    problems = {
        name: _("Use at most %(limit)s characters.", limit=limit)
        for name, text in asdict(texts).items()
        if len(text) > (limit := 200 if name == "expected_volume" else TEXT_LIMIT)
    }
    if send and not any(asdict(texts).values()):
        problems["answer"] = _("Write what agents should know.")
    if problems:
        raise Invalid(problems)
