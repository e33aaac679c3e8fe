"""What a playbook brings to a new draft: whom to call, what agents are told, what to tick off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from helpdesk.plugin_api import Invalid, NotFound, Viewer, now, record_feed, transaction
from plugins.outage_notice.announcements.actions.writing import log, require_live
from plugins.outage_notice.announcements.queries import get_announcement
from plugins.outage_notice.response.models import Briefing, Preparation
from plugins.outage_notice.response.rules import Callee


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    playbook_id: int
    playbook_name: str
    people: tuple[Callee, ...] = ()
    calls_by_mail: bool = True
    checklist: tuple[str, ...] = ()
    callers_say: str = ""
    answer: str = ""
    do_not_promise: str = ""
    expected_volume: str = ""

    @property
    def has_briefing(self) -> bool:
        return bool(self.callers_say or self.answer or self.do_not_promise or self.expected_volume)


def prepare(session: Session, announcement_id: int, prepared: Prepared, at: datetime) -> None:
    """Keep it with the announcement, in the running transaction: later changes of the playbook do not change it."""
    session.add(
        Preparation(
            announcement_id=announcement_id,
            playbook_id=prepared.playbook_id,
            playbook_name=prepared.playbook_name,
            people=[callee.to_json() for callee in prepared.people],
            calls_by_mail=prepared.calls_by_mail,
            checklist=list(prepared.checklist),
            used_at=at,
        )
    )
    if prepared.has_briefing:
        session.add(
            Briefing(
                announcement_id=announcement_id,
                callers_say=prepared.callers_say,
                answer=prepared.answer,
                do_not_promise=prepared.do_not_promise,
                expected_volume=prepared.expected_volume,
                updated_at=at,
            )
        )


def tick(actor: Viewer, announcement_id: int, line: int, *, is_done: bool) -> None:
    """Tick a line of the checklist off, or take the tick back; the first one stays with its name. For all staff.

    Raises NotFound without a checklist, Invalid for a line that it does not have, Conflict when it is over.
    """
    at = now()
    with transaction() as session:
        record = get_announcement(actor, announcement_id)
        require_live(record, at)
        row = session.get(Preparation, record.id, with_for_update=True, populate_existing=True)
        if row is None:
            raise NotFound(_("There is no checklist."))
        if not 0 <= line < len(row.checklist):
            raise Invalid({"line": _("There is no such line.")})
        key = str(line)
        if (key in row.ticked) is is_done:
            return
        others = {name: value for name, value in row.ticked.items() if name != key}
        row.ticked = others | ({key: {"by": actor.name, "at": at.isoformat()}} if is_done else {})
        data = {"text": row.checklist[line], "is_done": is_done}
        log(session, record, actor, at, "ticked", data=data, after=data)
        record_feed("announcement", record.id)
