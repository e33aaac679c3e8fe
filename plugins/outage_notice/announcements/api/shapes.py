"""The JSON objects of announcements. Times are ISO 8601."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from helpdesk.plugin_api import Answer, Page
from plugins.outage_notice.announcements import rules
from plugins.outage_notice.announcements.queries import Entry, FullAnnouncement
from plugins.outage_notice.announcements.rules import Anchor, Effect, Kind, Phase, Says, Status, Weight, plan_to_json
from plugins.outage_notice.audiences.queries import Forecast
from plugins.outage_notice.audiences.rules import Target, TargetKind


class TextsOut(Answer):
    title: str
    description: str
    workaround: str


class ServiceOut(Answer):
    id: int
    name: str
    effect: Effect


class TargetOut(Answer):
    kind: TargetKind
    id: int | str | None = None


class PersonOut(Answer):
    id: int
    name: str


class PlanEntryOut(Answer):
    what: Says
    of: Anchor
    minutes_before: int


class AnnouncementOut(Answer):
    """`notice_plan` null: the usual one of kind and level."""

    id: int
    revision: int
    kind: Kind
    severity: int
    suggested_severity: int | None
    title: str
    description: str
    workaround: str
    locale: str
    translations: dict[str, TextsOut]
    services: list[ServiceOut]
    audience: list[TargetOut]
    must_confirm: bool
    must_confirm_approved: bool
    show_from: datetime | None
    show_until: datetime | None
    starts_at: datetime | None
    planned_end_at: datetime | None
    actual_start_at: datetime | None
    actual_end_at: datetime | None
    ends_by_itself: bool
    recurrence: str | None
    time_zone: str
    eta: datetime | None
    next_update_at: datetime | None
    mention_in_automated_replies: bool
    automated_reply_text: str
    keywords: str
    drill: bool
    drill_minutes: int
    public: bool
    checklist: str
    notice_plan: list[PlanEntryOut] | None
    undo_until: datetime | None
    phase: Phase
    status: Status
    shown: bool
    owner: PersonOut | None
    author: PersonOut | None
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None
    url: str


class AnnouncementPage(Page[AnnouncementOut]):
    """One page of announcements."""


class UpdateOut(Answer):
    id: int
    announcement_id: int
    at: datetime
    public: bool
    weight: Weight
    status: Status | None
    text: str
    eta: datetime | None
    next_update_at: datetime | None
    revision: int


class EntryOut(Answer):
    id: int
    at: datetime
    kind: str
    actor: str | None
    public: bool
    data: dict[str, Any]


class TimelineOut(Answer):
    items: list[EntryOut]
    next: str | None = None


class DepartmentCountOut(Answer):
    id: int
    name: str
    people: int


class ForecastOut(Answer):
    people: int
    total: int
    online: int
    without_email: int
    departments: list[DepartmentCountOut]
    requesters: list[PersonOut]


class FindingOut(Answer):
    level: str
    field: str
    code: str
    message: str


class CheckOut(Answer):
    """What stops publishing ("error") and what asks ("warning")."""

    items: list[FindingOut]


def announcement_json(one: FullAnnouncement, now: datetime) -> dict[str, Any]:
    """What `AnnouncementOut` says of a record at `now`."""
    record = one.record
    plain = {name: getattr(record, name) for name in AnnouncementOut.model_fields if hasattr(record, name)}
    return plain | {
        "translations": dict(one.translations),
        "services": list(one.services),
        "audience": [_target_json(target) for target in one.audience],
        "must_confirm_approved": record.must_confirm and record.confirmed_by_id is not None,
        "drill": record.is_drill,
        "notice_plan": plan_to_json(record.notice_plan),
        "public": record.is_public,
        "phase": rules.phase(record, now),
        "status": rules.effective_status(record, now),
        "shown": rules.window(record, now).is_shown,
        "owner": _person(record.owner_id, one.names),
        "author": _person(record.created_by_id, one.names),
        "url": f"/announcements/{record.id}",
    }


def _target_json(target: Target) -> dict[str, Any]:
    is_number = target.id is not None and target.kind is not TargetKind.role
    return {"kind": target.kind, "id": int(target.id or 0) if is_number else target.id}


def _person(id: int | None, names: Mapping[int, str]) -> dict[str, Any] | None:
    return None if id is None else {"id": id, "name": names.get(id, "")}


def entry_json(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": entry.at,
        "kind": entry.kind,
        "actor": entry.actor,
        "public": entry.is_public,
        "data": entry.data,
    }


def forecast_json(forecast: Forecast) -> dict[str, Any]:
    return {name: getattr(forecast, name) for name in ForecastOut.model_fields}
