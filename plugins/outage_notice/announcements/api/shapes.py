"""The JSON objects of announcements. Times are ISO 8601; without an offset they are wall times of `time_zone`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from helpdesk.plugin_api import Answer, Body, Page
from plugins.outage_notice.announcements import rules
from plugins.outage_notice.announcements.queries import Entry, FullAnnouncement
from plugins.outage_notice.announcements.rules import (
    TEXT_LIMIT,
    TITLE_HARD_LIMIT,
    Draft,
    Effect,
    Kind,
    Phase,
    ServiceEffect,
    Status,
    Texts,
    TicketAction,
    Weight,
)
from plugins.outage_notice.audiences.queries import Forecast
from plugins.outage_notice.audiences.rules import TARGETS_LIMIT, Target, TargetKind

BIGGEST = 2**53 - 1


def _only_text(value: Any) -> Any:
    """A number would be read as seconds since 1970: always a mistake here."""
    if value is not None and not isinstance(value, str | datetime):
        raise ValueError("Give a date and time, such as 2026-03-12T09:30:00Z.")
    return value


Moment = Annotated[datetime, BeforeValidator(_only_text)]
Id = Annotated[int, Field(ge=1, le=BIGGEST)]
Title = Annotated[str, Field(max_length=TITLE_HARD_LIMIT)]
Text = Annotated[str, Field(max_length=TEXT_LIMIT)]
Level = Annotated[int, Field(ge=1, le=4)]
Locale = Annotated[str, Field(min_length=2, max_length=10)]


class TextsIn(Body):
    title: Title = ""
    description: Text = ""
    workaround: Text = ""


class ServiceIn(Body):
    id: Id
    effect: Effect = Effect.major_outage


class TargetIn(Body):
    """`id`: of the department, person or service; for a role its name; none for everyone."""

    kind: TargetKind
    id: Annotated[str, Field(max_length=20)] | Id | None = None


class ForecastIn(Body):
    audience: list[TargetIn] = Field(max_length=TARGETS_LIMIT)


class AnnouncementIn(Body):
    """Only what is sent is written; in a new draft the rest has defaults."""

    kind: Kind = Kind.incident
    severity: Level = 2
    title: Title = ""
    description: Text = ""
    workaround: Text = ""
    locale: Locale = "en"
    translations: dict[Locale, TextsIn] = Field(default_factory=dict, max_length=20)
    services: list[ServiceIn] = Field(default_factory=list, max_length=100)
    audience: list[TargetIn] = Field(default_factory=list, max_length=TARGETS_LIMIT)
    must_confirm: bool = False
    show_from: Moment | None = None
    show_until: Moment | None = None
    starts_at: Moment | None = None
    planned_end_at: Moment | None = None
    ends_by_itself: bool = False
    recurrence: Annotated[str, Field(max_length=200)] | None = None
    time_zone: Annotated[str, Field(min_length=1, max_length=64)] = "UTC"
    eta: Moment | None = None
    next_update_at: Moment | None = None
    mention_in_automated_replies: bool = True
    automated_reply_text: Text = ""
    keywords: Annotated[str, Field(max_length=rules.KEYWORDS_LIMIT)] = ""
    drill: bool = False
    public: bool = False
    owner_id: Id | None = None


class AnnouncementPatch(AnnouncementIn):
    """`weight`, for what is published: how much the change matters; by what changed when it is left out."""

    weight: Weight | None = None


class PublishIn(Body):
    """`confirmed_people`: the number of people, typed, for a critical notice to everyone."""

    confirmed_people: Annotated[int, Field(ge=0, le=BIGGEST)] | None = None


class UpdateIn(Body):
    """`eta` null says that there is no estimate; left out, it stays."""

    text: Text
    status: Status | None = None
    eta: Moment | None = None
    next_update_at: Moment | None = None
    public: bool = True
    weight: Weight | None = None
    translations: dict[Locale, Text] = Field(default_factory=dict, max_length=20)


class EndIn(Body):
    text: Text = ""


class ResolveIn(EndIn):
    """`tickets`: whether the tickets that wait for it are solved or left open."""

    ended_at: Moment | None = None
    tickets: TicketAction = TicketAction.solve


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


class AnnouncementOut(Answer):
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
    public: bool
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


RENAMED = {"drill": "is_drill", "public": "is_public"}


def changes_of(body: AnnouncementIn) -> dict[str, Any]:
    """What was sent, as fields of `Draft`."""
    sent: dict[str, Any] = {n: getattr(body, n) for n in type(body).model_fields if n in body.model_fields_set}
    sent.pop("weight", None)
    if "audience" in sent:
        sent["audience"] = targets_of(body.audience)
    if "services" in sent:
        sent["services"] = tuple(ServiceEffect(s.id, s.effect) for s in body.services)
    if "translations" in sent:
        sent["translations"] = {
            locale: Texts(t.title, t.description, t.workaround) for locale, t in body.translations.items()
        }
    return {RENAMED.get(name, name): value for name, value in sent.items()}


def draft_from(body: AnnouncementIn) -> Draft:
    return Draft(**changes_of(body))


def targets_of(audience: list[TargetIn]) -> tuple[Target, ...]:
    return tuple(dict.fromkeys(Target(t.kind, None if t.id in (None, "") else str(t.id)) for t in audience))


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
