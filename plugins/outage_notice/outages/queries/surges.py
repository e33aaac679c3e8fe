"""Surges: what is counted, what is normal, and the one that is shown. The cost does not grow with history."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, case, func, or_, select

from helpdesk.plugin_api import (
    Department,
    NotFound,
    Service,
    Ticket,
    TicketFacts,
    User,
    Viewer,
    db,
    ticket_facts,
    time_zone_for,
    viewers,
)
from plugins.outage_notice.announcements.models import AffectedService, Announcement, TimelineEntry
from plugins.outage_notice.announcements.queries import LiveAnnouncement
from plugins.outage_notice.announcements.queries.replies import lineage_of
from plugins.outage_notice.announcements.rules import LIVE_STATUSES, Status
from plugins.outage_notice.announcements.rules.matching import is_about, words_match
from plugins.outage_notice.audiences.queries import facts_of
from plugins.outage_notice.audiences.rules import matches
from plugins.outage_notice.outages.models import Surge, SurgeHour, SurgeLimits, SurgeReport, TicketLink
from plugins.outage_notice.outages.queries.links import LINKED
from plugins.outage_notice.outages.queries.matching import running_outages
from plugins.outage_notice.outages.rules import likeness, surges
from plugins.outage_notice.outages.rules.likeness import Shared
from plugins.outage_notice.outages.rules.surges import ALL, HourCount, Limits, Normal, SurgeState

CLUSTER_LIMIT = 500  # tickets of one surge that are looked at
TEXTS_READ = 60


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a surge: its tickets since the first, who wrote them, and what they share.

    `departments`: names with their numbers of people, the most first. `bars`: tickets in each of the last windows.
    `normal`: tickets in a window of this hour, as a mean.
    """

    tickets: int
    people: int
    minutes: int
    normal: float
    departments: tuple[tuple[str, int], ...]
    department_ids: tuple[int, ...]
    phrase: Shared | None
    bars: tuple[int, ...]
    numbers: tuple[int, ...]

    @property
    def normal_range(self) -> tuple[int, int]:
        """The whole numbers around the mean."""
        return math.floor(self.normal), math.ceil(self.normal)


@dataclass(frozen=True, slots=True)
class SurgeView:
    """An open surge with its evidence. `subject`: the service's name, or the word that its tickets share."""

    surge: Surge
    subject: str
    evidence: Evidence


def read_limits() -> Limits:
    row = db.session.get(SurgeLimits, 1)
    return Limits() if row is None else Limits(row.tickets, row.people, row.factor, row.minutes, row.silence_minutes)


def keys_of(ticket: TicketFacts) -> list[str]:
    """What a ticket is counted under: its service, else the service that its words name, else those words."""
    service_id = ticket.service_id
    if service_id is None:
        service_id = likeness.named_service(_catalogue(), f"{ticket.subject}\n{ticket.text}")
    if service_id is not None:
        return [surges.service_key(service_id)]
    return [surges.word_key(word) for word in likeness.telling_words(ticket.subject, ticket.text)]


def _catalogue() -> list[tuple[int, str, str]]:
    rows = db.session.execute(
        select(Service.id, Service.name, Service.keywords).where(Service.is_retired.is_(False)).order_by(Service.id)
    )
    return [(row.id, row.name, row.keywords) for row in rows]


def counted_lately(keys: Sequence[str], ticket_id: int, requester_id: int, at: datetime) -> dict[str, int]:
    """How many other tickets this person wrote for each cluster within the hour."""
    query = select(SurgeReport.key, func.count()).where(
        SurgeReport.key.in_(keys),
        SurgeReport.at > at - surges.SAME_PERSON,
        SurgeReport.requester_id == requester_id,
        SurgeReport.ticket_id != ticket_id,
    )
    return {row[0]: row[1] for row in db.session.execute(query.group_by(SurgeReport.key))}


def counted_since(keys: Sequence[str], since: datetime, limits: Limits) -> dict[str, int]:
    """How many tickets of each cluster count."""
    of_each = (
        select(SurgeReport.key, func.count().label("tickets"))
        .where(SurgeReport.key.in_(keys), SurgeReport.at > since)
        .group_by(SurgeReport.key, SurgeReport.requester_id)
        .subquery()
    )
    most = limits.most_of_one
    counted = func.sum(case((of_each.c.tickets > most, most), else_=of_each.c.tickets))
    query = select(of_each.c.key, counted).group_by(of_each.c.key)
    return {row[0]: int(row[1]) for row in db.session.execute(query)}


def common_before(keys: Sequence[str], at: datetime) -> dict[str, int]:
    """How many tickets each cluster has had until an hour ago, as far as counts are kept: a rare word says more."""
    query = select(SurgeHour.key, func.sum(SurgeHour.tickets)).where(
        SurgeHour.key.in_(keys), SurgeHour.hour < surges.hour_of(at - surges.HOUR)
    )
    return {row[0]: int(row[1]) for row in db.session.execute(query.group_by(SurgeHour.key))}


def normal_at(key: str, at: datetime, limits: Limits) -> tuple[Normal, float]:
    """What is normal for a cluster in a window that ends now, and how busy the day is. Two reads."""
    since = db.session.scalar(select(func.min(SurgeHour.hour)).where(SurgeHour.key == ALL)) or at
    zone = time_zone_for(None)
    judged = {*surges.hours_of_window(at, limits.window), *surges.hours_to_judge(at)}
    compared = {hour: surges.compared_hours(hour, zone, since) for hour in judged}
    found = _hours((key, ALL), {h for hours in compared.values() for h in hours} | judged)

    def counts(of: str, hour: datetime) -> list[HourCount]:
        return [found.get((of, h), HourCount()) for h in compared[hour]]

    def usually(hour: datetime) -> float:
        of_all, mine = (surges.normal_of(counts(of, hour), surges.HOUR).mean for of in (ALL, key))
        return of_all - mine

    def tickets(hour: datetime) -> int:
        return found.get((ALL, hour), HourCount()).tickets - found.get((key, hour), HourCount()).tickets

    normal = surges.busiest(
        surges.normal_of(counts(key, hour), limits.window) for hour in surges.hours_of_window(at, limits.window)
    )
    return normal, surges.busyness(*surges.others_of(surges.hours_to_judge(at), at, tickets, usually))


def _hours(keys: Sequence[str], hours: Iterable[datetime]) -> dict[tuple[str, datetime], HourCount]:
    query = select(SurgeHour).where(SurgeHour.key.in_(keys), SurgeHour.hour.in_(sorted(hours)))
    return {(row.key, row.hour): HourCount(row.tickets, row.peak) for row in db.session.scalars(query)}


def tickets_since(key: str, since: datetime) -> list[int]:
    """Ids of a cluster's tickets from that moment on, oldest first."""
    query = select(SurgeReport.ticket_id).where(SurgeReport.key == key, SurgeReport.at >= since)
    return list(db.session.scalars(query.order_by(SurgeReport.at, SurgeReport.ticket_id).limit(CLUSTER_LIMIT)))


def watched_surges(at: datetime) -> list[Surge]:
    """Those that are open, that somebody silenced not long ago, or whose outage is published for later."""
    silenced = and_(Surge.state == SurgeState.silenced, Surge.silenced_until > at)
    return list(db.session.scalars(select(Surge).where(or_(Surge.state == SurgeState.open, silenced, _is_coming(at)))))


def coming_surges(at: datetime) -> list[Surge]:
    """Those whose outage is published for later."""
    return list(db.session.scalars(select(Surge).where(_is_coming(at)).order_by(Surge.id)))


def _is_coming(at: datetime) -> ColumnElement[bool]:
    later = select(Announcement.id).where(
        Announcement.id == Surge.announcement_id,
        Announcement.status.in_(LIVE_STATUSES),
        or_(Announcement.show_from > at, Announcement.starts_at > at),
    )
    return and_(Surge.state == SurgeState.declared, later.exists())


def count_uncovered(key: str, since: datetime, limits: Limits, now: datetime) -> int:
    """How many tickets of a cluster count that no running outage has or would take.

    Taken is what is linked, and what a running outage about this service or word would link by rule: only of people
    whom it concerns.
    """
    linked = select(TicketLink.id).where(TicketLink.ticket_id == SurgeReport.ticket_id, LINKED)
    rows = db.session.execute(
        select(SurgeReport.requester_id, func.count())
        .where(SurgeReport.key == key, SurgeReport.at >= since, ~linked.exists())
        .group_by(SurgeReport.requester_id)
        .limit(CLUSTER_LIMIT)
    )
    of_each: dict[int, int] = {row[0]: row[1] for row in rows}
    if about := _outages_about(key, now):
        people = {i: facts_of(person) for i, person in viewers(list(of_each)).items()}
        covered = {i for i, facts in people.items() if any(matches(outage.targets, facts) for outage in about)}
        of_each = {i: count for i, count in of_each.items() if i not in covered}
    return surges.weigh(of_each.values(), limits)


def _outages_about(key: str, now: datetime) -> list[LiveAnnouncement]:
    service_id, word = surges.read_key(key)
    running = running_outages(now)
    if service_id is None or not running:
        return [outage for outage in running if words_match(outage, word or "")]
    lineage = lineage_of(service_id)
    return [outage for outage in running if is_about(outage, lineage)]


def get_surge(actor: Viewer, surge_id: int, *, lock: bool = False) -> Surge:
    """A surge, for staff. Raises NotFound."""
    found = None
    if actor.is_staff and surge_id < 2**31:
        found = db.session.get(Surge, surge_id, with_for_update=lock or None, populate_existing=lock)
    if found is None:
        raise NotFound(_("There is no such surge."))
    return found


def draft_of_alerts(service_id: int | None) -> Announcement | None:
    """The newest draft that monitoring opened about this service and that nobody has published, locked."""
    if service_id is None:
        return None
    affected = select(AffectedService.announcement_id).where(AffectedService.service_id == service_id)
    fired = select(TimelineEntry.announcement_id).where(TimelineEntry.kind == "alert_fired")
    query = select(Announcement).where(
        Announcement.status == Status.draft, Announcement.id.in_(affected), Announcement.id.in_(fired)
    )
    return db.session.scalars(query.order_by(Announcement.id.desc()).limit(1).with_for_update()).one_or_none()


def surges_of_announcement(announcement_id: int) -> list[Surge]:
    return list(db.session.scalars(select(Surge).where(Surge.announcement_id == announcement_id).order_by(Surge.id)))


def present_surge(now: datetime) -> SurgeView | None:
    """The one surge to show: of those open, not faded and not covered by an outage, that of the most tickets."""
    query = select(Surge).where(Surge.state == SurgeState.open, Surge.last_at > now - surges.FADES_AFTER)
    found, limits = db.session.scalars(query).all(), read_limits()
    shown = [s for s in found if count_uncovered(s.key, s.first_at, limits, now) >= s.needed]
    views = [view_of(surge, now) for surge in shown]
    return max(views, key=lambda v: (v.evidence.tickets, -v.surge.id), default=None)


def view_of(surge: Surge, now: datetime) -> SurgeView:
    name = db.session.scalar(select(Service.name).where(Service.id == surge.service_id)) if surge.service_id else None
    subject = name or surge.word or ""
    return SurgeView(surge, subject, evidence_of(surge, subject, now))


def evidence_of(surge: Surge, subject: str, now: datetime) -> Evidence:
    """What its tickets say together."""
    window = timedelta(minutes=surge.window_minutes)
    rows = db.session.execute(
        select(SurgeReport.ticket_id, SurgeReport.at, SurgeReport.requester_id, Ticket.number, User.department_id)
        .join(Ticket, Ticket.id == SurgeReport.ticket_id)
        .join(User, User.id == SurgeReport.requester_id)
        .where(SurgeReport.key == surge.key, SurgeReport.at > now - surges.SPARK_BARS * window)
        .order_by(SurgeReport.at, SurgeReport.ticket_id)
        .limit(CLUSTER_LIMIT)
    ).all()
    mine = [row for row in rows if row.at >= surge.first_at]
    people = {row.requester_id: row.department_id for row in mine}
    departments = Counter(id for id in people.values() if id is not None).most_common()
    names = _department_names([id for id, _count in departments])
    read = ticket_facts([row.ticket_id for row in mine[-TEXTS_READ:]])
    texts = [f"{ticket.subject}\n{ticket.text[: likeness.LOOKED_AT]}" for ticket in read]
    lasted = surge.last_at - surge.first_at
    return Evidence(
        tickets=len(mine),
        people=len(people),
        minutes=max(surge.window_minutes, math.ceil(lasted / timedelta(minutes=1))),
        normal=surge.normal,
        departments=tuple((names[id], count) for id, count in departments if id in names),
        department_ids=tuple(id for id, _count in departments),
        phrase=likeness.shared_phrase(texts, besides=subject if surge.service_id else ""),
        bars=tuple(surges.bars([row.at for row in rows], max(now, surge.last_at), window)),
        numbers=tuple(row.number for row in mine),
    )


def _department_names(ids: Sequence[int]) -> dict[int, str]:
    rows = db.session.execute(select(Department.id, Department.name).where(Department.id.in_(ids))) if ids else ()
    return {row[0]: row[1] for row in rows}


def faded(now: datetime) -> list[int]:
    """Ids of open surges that got no ticket for a while."""
    query = select(Surge.id).where(Surge.state == SurgeState.open, Surge.last_at <= now - surges.FADES_AFTER)
    return list(db.session.scalars(query))
