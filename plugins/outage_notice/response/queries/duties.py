"""Who does what in an outage, and who is to keep what it promises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from helpdesk.plugin_api import User, db
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.response.models import DutyHolder
from plugins.outage_notice.response.rules import Duty


@dataclass(frozen=True, slots=True)
class NamedDuty:
    duty: Duty
    user_id: int
    name: str
    since_at: datetime


def duties_of(announcement_id: int) -> dict[Duty, NamedDuty]:
    """Who leads, writes and keeps the tickets now."""
    rows = db.session.execute(
        select(DutyHolder, User.name)
        .join(User, User.id == DutyHolder.user_id)
        .where(DutyHolder.announcement_id == announcement_id)
    )
    return {row.duty: NamedDuty(row.duty, row.user_id, name, row.since_at) for row, name in rows}


def keepers_of(records: Sequence[Announcement]) -> dict[int, dict[Duty, int]]:
    """For each announcement who keeps the promises of each duty: who has it, else the owner; of enabled people."""
    if not records:
        return {}
    owners = {record.id: record.owner_id or record.created_by_id for record in records}
    held = {
        (row.announcement_id, row.duty): row.user_id
        for row in db.session.execute(
            select(DutyHolder.announcement_id, DutyHolder.duty, DutyHolder.user_id)
            .join(User, User.id == DutyHolder.user_id)
            .where(DutyHolder.announcement_id.in_(list(owners)), User.disabled_at.is_(None))
        )
    }
    asked = {id for id in owners.values() if id is not None}
    able = set(db.session.scalars(select(User.id).where(User.id.in_(asked), User.disabled_at.is_(None))))
    found: dict[int, dict[Duty, int]] = {}
    for id, owner_id in owners.items():
        each = {duty: held.get((id, duty), owner_id if owner_id in able else None) for duty in Duty}
        found[id] = {duty: keeper for duty, keeper in each.items() if keeper is not None}
    return found
