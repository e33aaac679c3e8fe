"""Taking a resolution back within two minutes: the outage is as it was, and nobody outside has heard of its end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from helpdesk.plugin_api import Conflict, Viewer, now, record_event, transaction
from plugins.outage_notice.announcements import rules
from plugins.outage_notice.announcements.actions.planning import plan_steps
from plugins.outage_notice.announcements.actions.writing import log, number, require_reach, require_revision
from plugins.outage_notice.announcements.models import Announcement, Update
from plugins.outage_notice.announcements.queries.records import get_for_change, require_announcer, targets_by_id
from plugins.outage_notice.announcements.rules import UNDO_TIME, EndingUndone, Status, TicketAction, Weight

MOMENTS = ("actual_start_at", "actual_end_at", "closed_at", "changed_at", "next_update_at")


def former_state(record: Announcement) -> dict[str, Any]:
    """What a resolution is about to replace, as JSON."""
    moments = {name: getattr(record, name) for name in MOMENTS}
    state: dict[str, Any] = {name: moment and moment.isoformat() for name, moment in moments.items()}
    return state | {"status": record.status.value, "ticket_action": record.ticket_action.value}


def allow_undo(record: Announcement, former: dict[str, Any], update: Update | None, at: datetime) -> None:
    """Hold back mails and changes of tickets, so that this resolution can be undone."""
    record.undo_until = at + UNDO_TIME
    record.undo_state = former | {"update_id": None if update is None else update.id}


def undo_resolve(actor: Viewer, announcement_id: int, *, expected_revision: int | None = None) -> Announcement:
    """Take the last resolution back. Status, promises and dates are as before; its last message is said no more.

    Quietly: banners return as each person had left them, so what was read or hidden stays so; only those who saw the
    green card see the notice again. Raises Conflict when there is nothing to undo, or the two minutes have passed.
    """
    at = now()
    require_announcer(actor)
    with transaction() as session:
        record = get_for_change(actor, announcement_id)
        if not rules.may_undo(record, now()):  # the tickets may have been told while this waited for the record
            raise Conflict(_("The two minutes have passed, or it was undone already. Open it again instead."))
        require_revision(record, expected_revision)
        targets = targets_by_id([record.id])[record.id]
        require_reach(actor, targets, (record.created_by_id, record.owner_id))
        before, former = record.status, dict(record.undo_state or {})
        update = session.get(Update, former["update_id"]) if former["update_id"] else None
        if update is not None:
            update.undone_at = at
        number(record, at, Weight.silent)
        resolved_at = record.closed_at
        _restore(record, former)
        plan_steps(session, record, at, resolved_at)
        data = {"status": record.status.value}
        log(session, record, actor, at, "undone", is_public=True, data=data, before={"status": before}, after=data)
        record_event(EndingUndone(record.id, record.revision))
    return record


def _restore(record: Announcement, former: dict[str, Any]) -> None:
    for name in MOMENTS:
        setattr(record, name, former[name] and datetime.fromisoformat(former[name]))
    record.status, record.ticket_action = Status(former["status"]), TicketAction(former["ticket_action"])
    record.undo_until = record.undo_state = None
