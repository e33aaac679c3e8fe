"""What the check before publishing must know."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select

from helpdesk.plugin_api import LOCALES, Service, User, db
from plugins.outage_notice.announcements import rules
from plugins.outage_notice.announcements.queries.live import LiveAnnouncement, live_announcements
from plugins.outage_notice.announcements.rules import CheckFacts, Draft, Kind, Overlap, Phase
from plugins.outage_notice.audiences import queries as audiences
from plugins.outage_notice.audiences.rules import Target, TargetKind


def check_facts(
    draft: Draft,
    now: datetime,
    *,
    announcement_id: int | None = None,
    published: Draft | None = None,
    confirmed_people: int | None = None,
) -> CheckFacts:
    """The facts about a draft: people reached, what else is on, what does not exist. A handful of queries.

    `published`: what people see of it now, when the draft is an edit of that.
    """
    condition = audiences.audience_condition(draft.audience)
    reached = db.session.execute(
        select(User.locale, func.count().label("people"), func.count(User.email).label("mailboxes"))
        .where(condition)
        .group_by(User.locale)
    ).all()
    people = sum(row.people for row in reached)
    service_ids = [service.service_id for service in draft.services]
    names = db.session.scalars(select(Service.name).where(Service.id.in_(service_ids))).all()
    return CheckFacts(
        people=people,
        total=audiences.total_people() if draft.is_drill else 0,
        people_without_email=people - sum(row.mailboxes for row in reached),
        missing_targets=len(audiences.missing_targets(draft.audience)),
        overlaps=tuple(_overlaps(draft, now, announcement_id)),
        locales=tuple(sorted({row.locale for row in reached if row.locale in LOCALES})),
        service_names=tuple(names),
        is_published=published is not None,
        was_loud=published is not None and rules.is_critical_to_everyone(published),
        confirmed_people=confirmed_people,
        unknown_services=tuple(sorted(unknown_services(service_ids))),
        former_plan=() if published is None else rules.plan_of(published),
    )


def stopping_facts(
    draft: Draft,
    *,
    published: Draft | None = None,
    is_chosen_anew: bool = True,
    confirmed_people: int | None = None,
) -> CheckFacts:
    """The facts that can stop a draft from being sent: `check_facts` without those that only warn.

    `is_chosen_anew`: the audience is; whoever else joined the organisation, or left it, stops no other edit of a drill.
    """
    return CheckFacts(
        people=audiences.count_people(draft.audience),
        total=audiences.total_people() if draft.is_drill and is_chosen_anew else 0,
        missing_targets=len(audiences.missing_targets(draft.audience)),
        is_published=published is not None,
        was_loud=published is not None and rules.is_critical_to_everyone(published),
        confirmed_people=confirmed_people,
        unknown_services=tuple(sorted(unknown_services(service.service_id for service in draft.services))),
    )


def _overlaps(draft: Draft, now: datetime, own_id: int | None) -> list[Overlap]:
    mine = {service.service_id for service in draft.services}
    found = []
    for other in live_announcements(now):
        if other.id == own_id or other.is_drill != draft.is_drill or not _same_time(draft, other, now):
            continue
        same_service = bool(mine & {service.id for service in other.services})
        if same_service or _same_people(draft.audience, other.targets):
            is_open = other.kind is Kind.incident and rules.phase(other, now) is Phase.active
            _locale, texts = other.texts_in(draft.locale)
            found.append(Overlap(other.id, texts.title, same_service, is_open))
    return found


def _same_time(draft: Draft, other: LiveAnnouncement, now: datetime) -> bool:
    occurrence = rules.current_occurrence(other, now)
    start, end = (
        (occurrence.start, occurrence.end) if occurrence else (other.starts_at, other.planned_end_at or other.eta)
    )
    own_start, own_end = draft.starts_at or now, draft.planned_end_at or draft.eta
    return (end is None or own_start < end) and (own_end is None or start is None or start < own_end)


def _same_people(mine: tuple[Target, ...], theirs: tuple[Target, ...]) -> bool:
    """Whether the audiences surely share people: the same target, or everyone with anybody."""
    if not mine or not theirs:
        return False
    everyone = Target(TargetKind.everyone)
    return everyone in mine or everyone in theirs or bool(set(mine) & set(theirs))


def unknown_services(ids: Iterable[int]) -> set[int]:
    """Those of these service ids that name nothing."""
    wanted = set(ids)
    return wanted - set(db.session.scalars(select(Service.id).where(Service.id.in_(wanted)))) if wanted else set()
