"""What is sent about announcements. Times are ISO 8601; without an offset they are wall times of `time_zone`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from helpdesk.plugin_api import Body
from plugins.outage_notice.announcements import rules
from plugins.outage_notice.announcements.rules import (
    TEXT_LIMIT,
    TITLE_HARD_LIMIT,
    Anchor,
    Checked,
    Draft,
    Effect,
    Kind,
    Plan,
    PlanEntry,
    Says,
    ServiceEffect,
    Status,
    Texts,
    TicketAction,
    Weight,
)
from plugins.outage_notice.announcements.rules.notice_plan import ENTRIES_LIMIT, MINUTES_LIMIT
from plugins.outage_notice.audiences.rules import TARGETS_LIMIT, Target, TargetKind

BIGGEST = 2**53 - 1


Id = Annotated[int, Field(ge=1, le=BIGGEST)]
Title = Annotated[str, Field(max_length=TITLE_HARD_LIMIT)]
Text = Annotated[str, Field(max_length=TEXT_LIMIT)]
Level = Annotated[int, Field(ge=1, le=4)]
Locale = Annotated[str, Field(min_length=2, max_length=10)]
People = Annotated[int, Field(ge=0, le=BIGGEST)]


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


class PlanEntryIn(Body):
    """`what`: mail, or banner_again. `of`: start, or end (a mail when it is over, 0 minutes before)."""

    what: Says
    of: Anchor = Anchor.start
    minutes_before: Annotated[int, Field(ge=0, le=MINUTES_LIMIT)] = 0


PlanIn = Annotated[list[PlanEntryIn], Field(max_length=ENTRIES_LIMIT)]


def plan_from(entries: list[PlanEntryIn] | None) -> Plan | None:
    return None if entries is None else tuple(PlanEntry(e.what, e.of, e.minutes_before) for e in entries)


class ForecastIn(Body):
    audience: list[TargetIn] = Field(max_length=TARGETS_LIMIT)


class AnnouncementIn(Body):
    """Only what is sent is written; in a new draft the rest has defaults. `notice_plan` null: the usual one of kind and
    level; [] says nothing besides the banner.
    """

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
    show_from: datetime | None = None
    show_until: datetime | None = None
    starts_at: datetime | None = None
    planned_end_at: datetime | None = None
    ends_by_itself: bool = False
    recurrence: Annotated[str, Field(max_length=200)] | None = None
    time_zone: Annotated[str, Field(min_length=1, max_length=64)] = "UTC"
    eta: datetime | None = None
    next_update_at: datetime | None = None
    mention_in_automated_replies: bool = True
    automated_reply_text: Text = ""
    keywords: Annotated[str, Field(max_length=rules.KEYWORDS_LIMIT)] = ""
    drill: bool = False
    public: bool = False
    owner_id: Id | None = None
    checklist: Annotated[str, Field(max_length=rules.CHECKLIST_LIMIT)] = ""
    drill_minutes: Annotated[int, Field(ge=1, le=rules.DRILL_MINUTES_LIMIT)] = rules.DRILL_MINUTES
    notice_plan: PlanIn | None = None


class AnnouncementPatch(AnnouncementIn):
    """`weight`, for what is published: how much the change matters; by what changed when it is left out.

    `confirmed_people`: the number of people, typed, when the change makes it critical to everyone.
    """

    weight: Weight | None = None
    confirmed_people: People | None = None


class PublishIn(Body):
    """`confirmed_people`: the number of people, typed, for a critical notice to everyone."""

    confirmed_people: People | None = None


class UpdateIn(Body):
    """`eta` null says that there is no estimate; left out, it stays.

    `answer_tickets`: all tickets that wait are answered with the text. `correct_eta`: who was told the former estimate
    in an automated reply gets the new one; left out, unless the update is silent.
    """

    text: Text
    status: Status | None = None
    eta: datetime | None = None
    next_update_at: datetime | None = None
    public: bool = True
    weight: Weight | None = None
    translations: dict[Locale, Text] = Field(default_factory=dict, max_length=20)
    answer_tickets: bool = False
    correct_eta: bool | None = None


class EndIn(Body):
    text: Text = ""


class ReopenIn(EndIn):
    """`eta` null says that there is no estimate; left out, the former one stays if it is still to come. Without
    `next_update_at` an incident of level 1 or 2 promises one by its level.
    """

    eta: datetime | None = None
    next_update_at: datetime | None = None


class CheckedIn(Body):
    """An item that was checked; `checked_by` is the id of somebody of the staff, by default who sends this."""

    item: Annotated[str, Field(min_length=1, max_length=rules.CHECK_ITEM_LIMIT)]
    checked_by: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


class ResolveIn(EndIn):
    """`tickets`: whether the tickets that wait for it are solved or left open. `validation`: who checked what; left out
    of an incident of level 1 or 2, the timeline and the review say that it was not validated.
    """

    ended_at: datetime | None = None
    tickets: TicketAction = TicketAction.solve
    validation: list[CheckedIn] | None = Field(None, max_length=rules.CHECK_ITEMS_LIMIT)


RENAMED = {"drill": "is_drill", "public": "is_public"}


def changes_of(body: AnnouncementIn) -> dict[str, Any]:
    """What was sent, as fields of `Draft`."""
    sent: dict[str, Any] = {n: getattr(body, n) for n in AnnouncementIn.model_fields if n in body.model_fields_set}
    if "audience" in sent:
        sent["audience"] = targets_of(body.audience)
    if "notice_plan" in sent:
        sent["notice_plan"] = plan_from(body.notice_plan)
    if "services" in sent:
        sent["services"] = tuple(ServiceEffect(s.id, s.effect) for s in body.services)
    if "translations" in sent:
        sent["translations"] = {
            locale: Texts(t.title, t.description, t.workaround) for locale, t in body.translations.items()
        }
    return {RENAMED.get(name, name): value for name, value in sent.items()}


def draft_from(body: AnnouncementIn) -> Draft:
    return Draft(**changes_of(body))


def checked_of(body: ResolveIn) -> list[Checked] | None:
    return None if body.validation is None else [Checked(one.item, one.checked_by) for one in body.validation]


def targets_of(audience: list[TargetIn]) -> tuple[Target, ...]:
    return tuple(dict.fromkeys(Target(t.kind, None if t.id in (None, "") else str(t.id)) for t in audience))
