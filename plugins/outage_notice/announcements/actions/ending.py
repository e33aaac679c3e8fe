"""Ending: resolved, cancelled, withdrawn; and reopened. Every channel follows the record.

A resolution takes the banners away and changes the automated replies at once. Mails and changes of tickets wait for two
minutes (`undo_until`), in which it can be undone (see `undoing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from helpdesk.plugin_api import Conflict, Invalid, Viewer, now, record_event, transaction
from plugins.outage_notice.announcements import rules
from plugins.outage_notice.announcements.actions.drills import end_drill_by_itself
from plugins.outage_notice.announcements.actions.planning import drop_steps, plan_steps
from plugins.outage_notice.announcements.actions.undoing import allow_undo, former_state
from plugins.outage_notice.announcements.actions.updates import add_update, read_times
from plugins.outage_notice.announcements.actions.validating import record_checks
from plugins.outage_notice.announcements.actions.writing import log, number, require_reach, require_revision
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries.records import get_for_change, require_announcer, targets_by_id
from plugins.outage_notice.announcements.rules import (
    TEXT_LIMIT,
    UNSET,
    AnnouncementEnded,
    AnnouncementReopened,
    BadTime,
    Checked,
    Severity,
    Status,
    TicketAction,
    Unset,
    Weight,
)


def resolve(
    actor: Viewer,
    announcement_id: int,
    text: str = "",
    *,
    ended_at: datetime | None = None,
    ticket_action: TicketAction = TicketAction.solve,
    checked: Sequence[Checked] | None = None,
    expected_revision: int | None = None,
) -> Announcement:
    """It works again: an incident is resolved, a maintenance completed, an information ended. A repeated one ends
    with all its times. `ended_at`: when it really ended, at most now. `ticket_action`: what becomes of the tickets that
    wait for it. `checked`: what was checked before, None when nobody recorded it. For two minutes it can be undone.
    Raises Conflict when it is over already.
    """
    how = _Ending(None, ended_at, ticket_action, checked)
    return _end(actor, announcement_id, text, how, expected_revision)


def cancel(
    actor: Viewer, announcement_id: int, text: str = "", *, expected_revision: int | None = None
) -> Announcement:
    """It does not take place. Raises Conflict when it is over already, or a draft (which is deleted)."""
    return _end(actor, announcement_id, text, _Ending(Status.cancelled), expected_revision)


def withdraw(
    actor: Viewer, announcement_id: int, text: str = "", *, expected_revision: int | None = None
) -> Announcement:
    """It was published by mistake."""
    return _end(actor, announcement_id, text, _Ending(Status.withdrawn), expected_revision)


@dataclass(frozen=True, slots=True)
class _Ending:
    """How it ends; `status` None: as what its kind ends as."""

    status: Status | None
    ended_at: datetime | None = None
    ticket_action: TicketAction = TicketAction.solve
    checked: Sequence[Checked] | None = None


def _end(actor: Viewer, announcement_id: int, text: str, how: _Ending, expected_revision: int | None) -> Announcement:
    at = now()
    require_announcer(actor)
    with transaction() as session:
        record = get_for_change(actor, announcement_id)
        _require_not_over(record, at)
        require_revision(record, expected_revision)
        targets = targets_by_id([record.id])[record.id]
        require_reach(actor, targets, (record.created_by_id, record.owner_id))
        _require_text(text)
        before, status = record.status, how.status or rules.final_status(record.kind)
        former = former_state(record)
        if status in rules.ENDINGS:
            record.actual_end_at = _read_end(record, how.ended_at, at)
            _note_start(record, record.actual_end_at)
        record.status, record.closed_at, record.next_update_at = status, at, None
        record.ticket_action = how.ticket_action
        drop_steps(session, record)
        number(record, at, Weight.update)
        update = None
        if text.strip():
            update = add_update(session, record, actor, at, text, status, Weight.update)
        data: dict[str, Any] = {"text": text, "status": status.value}
        if status in rules.ENDINGS:
            data["ended_at"] = (record.actual_end_at or at).isoformat()
            allow_undo(record, former, update, at)
            data |= record_checks(session, actor, record, how.checked, at)
        log(session, record, actor, at, status.value, is_public=True, data=data, before={"status": before}, after=data)
        record_event(AnnouncementEnded(record.id, record.revision, status.value))
    return record


def _require_not_over(record: Announcement, at: datetime) -> None:
    if record.status is Status.draft:
        raise Conflict(_("This is a draft. Delete it instead."))
    if not rules.can_end(record, at):
        words = {
            Status.resolved: _("This was resolved already."),
            Status.cancelled: _("This was cancelled already."),
            Status.withdrawn: _("This was withdrawn already."),
        }
        raise Conflict(words.get(record.status, _("This announcement is over already.")))


def _require_text(text: str) -> None:
    if len(text) > TEXT_LIMIT:
        raise Invalid({"text": _("Use at most %(limit)s characters.", limit=TEXT_LIMIT)})


def _read_end(record: Announcement, ended_at: datetime | None, at: datetime) -> datetime:
    if ended_at is None:
        return at
    try:
        moment = rules.to_utc(ended_at, record.time_zone)
    except BadTime as error:
        raise Invalid({"ended_at": error.message}) from error
    started_at = record.actual_start_at or (record.starts_at if not record.recurrence else None)
    if moment > at:
        raise Invalid({"ended_at": _("This time has not come yet.")})
    if started_at is not None and moment < started_at:
        raise Invalid({"ended_at": _("It cannot end before it started.")})
    return moment


def _note_start(record: Announcement, ended_at: datetime) -> None:
    if record.actual_start_at is None and record.starts_at is not None and record.starts_at <= ended_at:
        record.actual_start_at = record.starts_at


def reopen(
    actor: Viewer,
    announcement_id: int,
    text: str = "",
    *,
    eta: datetime | Unset | None = UNSET,
    next_update_at: datetime | None = None,
    expected_revision: int | None = None,
) -> Announcement:
    """A resolved incident is back, loudly: those who were told that it works are told that it does not.

    `eta` left out: the former one, if it is still to come. Without `next_update_at` the level promises one. What would
    end or hide it at once no longer does; a drill ends by itself once more. Raises Conflict for anything but a resolved
    incident, and Invalid for times that have passed.
    """
    at = now()
    require_announcer(actor)
    with transaction() as session:
        record = get_for_change(actor, announcement_id)
        if not rules.can_reopen(record, at):
            raise Conflict(_("Only a resolved incident can be reopened."))
        require_revision(record, expected_revision)
        targets = targets_by_id([record.id])[record.id]
        require_reach(actor, targets, (record.created_by_id, record.owner_id))
        _require_text(text)
        data = _promise(record, eta, next_update_at, at)
        record.status = rules.first_status(record.kind)
        record.actual_end_at = record.closed_at = record.undo_until = record.undo_state = None
        if record.is_drill:
            end_drill_by_itself(record, at)
        elif record.planned_end_at is not None and record.planned_end_at <= at:
            record.ends_by_itself = False
        if record.show_until is not None and record.show_until <= at:
            record.show_until = None
        plan_steps(session, record, at)
        number(record, at, Weight.alert_again)
        if text.strip():
            add_update(session, record, actor, at, text, record.status, Weight.alert_again)
        data |= {"text": text, "status": record.status.value}
        log(session, record, actor, at, "reopened", is_public=True, data=data, after=data)
        record_event(AnnouncementReopened(record.id, record.revision))
    return record


def _promise(
    record: Announcement, eta: datetime | Unset | None, next_update_at: datetime | None, at: datetime
) -> dict[str, Any]:
    """Promise these times to those who are told that it is back; what the timeline says of them."""
    interval = rules.UPDATE_EVERY.get(Severity(record.severity))
    kept = {
        "eta": record.eta if record.eta is not None and record.eta > at else None,
        "next_update_at": None if interval is None else at + interval,
    }
    times = read_times(record, {"eta": eta, "next_update_at": next_update_at or UNSET}, kept, at)
    what = [] if record.eta == times[0] else ["eta"]
    record.eta, record.next_update_at = times
    record.wall_times = {k: v for k, v in record.wall_times.items() if k not in kept}
    return {"what": what} | {name: moment and moment.isoformat() for name, moment in zip(kept, times, strict=True)}
