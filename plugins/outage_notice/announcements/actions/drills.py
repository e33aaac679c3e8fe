"""The end of a drill: whatever is changed, a drill is over by itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from plugins.outage_notice.announcements.models import Announcement, TimelineEntry
from plugins.outage_notice.announcements.rules import Kind

MOVING = frozenset({"drill_minutes", "starts_at", "show_from"})


def end_drill_by_itself(record: Announcement, at: datetime) -> None:
    """A drill ends at its planned end, else after its minutes from when it is shown and begins, at or after `at`."""
    if record.recurrence:
        return
    if record.kind is Kind.incident or record.planned_end_at is None:
        begins = max(moment for moment in (at, record.starts_at, record.show_from) if moment is not None)
        record.planned_end_at = begins + timedelta(minutes=record.drill_minutes)
    record.ends_by_itself = True


def keep_drill_ending(session: Session, record: Announcement, changed: dict[str, tuple[Any, Any]]) -> None:
    """The same after an edit. What moves its beginning or its length moves its end, unless that was chosen with it.

    `changed` (before and after, by name) says afterwards what has become of the end.
    """
    former = changed.pop("planned_end_at", (record.planned_end_at,))[0]
    is_chosen = record.planned_end_at not in (former, None)
    if not record.recurrence and not is_chosen:
        record.planned_end_at = former
        if former is None or not MOVING.isdisjoint(changed):
            end_drill_by_itself(record, _begun_at(session, record))
    record.ends_by_itself = record.ends_by_itself or not record.recurrence
    if not record.recurrence:
        changed.pop("ends_by_itself", None)
    if record.planned_end_at != former:
        changed["planned_end_at"] = (former, record.planned_end_at)


def _begun_at(session: Session, record: Announcement) -> datetime:
    """When it was published, or reopened last."""
    reopened = (TimelineEntry.announcement_id == record.id, TimelineEntry.kind == "reopened")
    since = session.scalar(select(func.max(TimelineEntry.at)).where(*reopened)) or record.published_at
    return since or record.created_at
