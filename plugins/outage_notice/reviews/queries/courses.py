"""The course of outages as their timelines tell it, for one or many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select

from helpdesk.plugin_api import db
from plugins.outage_notice.announcements.models import Announcement, TimelineEntry
from plugins.outage_notice.announcements.rules import ENDINGS, Effect
from plugins.outage_notice.reviews.queries.moments import CHUNK
from plugins.outage_notice.reviews.rules.stretches import Effects, Turn, TurnKind

_KINDS = {
    **{status.value: TurnKind.ended for status in ENDINGS},
    "undone": TurnKind.undone,
    "reopened": TurnKind.reopened,
    "published": TurnKind.changed,
    "edited": TurnKind.changed,
}


@dataclass(frozen=True, slots=True)
class Course:
    """The turns of one announcement in order, and the names of services that its timeline tells of."""

    turns: tuple[Turn, ...]
    names: Mapping[int, str]


def courses_of(records: Sequence[Announcement]) -> dict[int, Course]:
    """The course of each announcement: one query for five hundred. Entries without effects change none."""
    turns: dict[int, list[Turn]] = {}
    names: dict[int, dict[int, str]] = {}
    for at in range(0, len(records), CHUNK):
        data = TimelineEntry.data  # parts of it: with the texts it would be many times as much
        query = (
            select(
                TimelineEntry.announcement_id,
                TimelineEntry.at,
                TimelineEntry.kind,
                data["ended_at"],
                data["services"],
                data[("before", "services")],
                data[("after", "services")],
            )
            .where(TimelineEntry.announcement_id.in_([record.id for record in records[at : at + CHUNK]]))
            .where(TimelineEntry.kind.in_(_KINDS))
            .order_by(TimelineEntry.id)
        )
        for id, moment, kind, ended_at, first, former, present in db.session.execute(query):
            for services in (first, former, present):
                names.setdefault(id, {}).update({int(i): one["name"] for i, one in (services or {}).items()})
            effects = _effects(present if first is None else first)
            turn = Turn(_moment(ended_at) or moment, _KINDS[kind], effects, _effects(former))
            turns.setdefault(id, []).append(turn)
    return {record.id: Course(tuple(turns.get(record.id, ())), names.get(record.id, {})) for record in records}


def has_named(service_id: int) -> ColumnElement[bool]:
    """Whether the timeline of an announcement tells of this service, perhaps before it was on, or by mistake."""
    data, id = TimelineEntry.data, str(service_id)
    places = (("services", id, "effect"), ("before", "services", id, "effect"), ("after", "services", id, "effect"))
    return exists().where(
        TimelineEntry.announcement_id == Announcement.id,
        TimelineEntry.kind.in_(("published", "edited")),
        or_(*(data[place].as_string().is_not(None) for place in places)),
    )


def _effects(services: Mapping[str, Any] | None) -> Effects | None:
    return None if services is None else {int(id): Effect(one["effect"]) for id, one in services.items()}


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
