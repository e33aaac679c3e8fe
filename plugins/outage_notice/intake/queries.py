"""Reads of alerts, of the rules that map them, and of what was received."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import and_, func, or_, select

from helpdesk.plugin_api import NotFound, Service, User, Viewer, db
from plugins.outage_notice.announcements.models import AffectedService, Announcement, TimelineEntry
from plugins.outage_notice.announcements.queries import live_announcements
from plugins.outage_notice.announcements.queries.records import require_announcer
from plugins.outage_notice.announcements.rules import Kind, Phase, Status, phase
from plugins.outage_notice.announcements.rules.matching import fold, is_running
from plugins.outage_notice.intake.models import Alert, AlertRule, AlertSignal
from plugins.outage_notice.intake.rules import AlertStatus, is_flapping
from plugins.outage_notice.response.queries import technicians_for
from plugins.outage_notice.response.queries.promises import DRAFT_COUNTS


@dataclass(frozen=True, slots=True)
class SignalRow:
    """One line of the list of received alerts."""

    signal: AlertSignal
    source: str
    fingerprint: str
    rule: str | None
    service: str | None


@dataclass(frozen=True, slots=True)
class AlertsOfOutage:
    """The alerts of one announcement. `over_at`: since when all are over, None while one fires or there is none."""

    alerts: tuple[Alert, ...]
    over_at: datetime | None
    is_flapping: bool


def active_rules() -> list[AlertRule]:
    """The rules that count, in the order in which they are asked."""
    query = select(AlertRule).where(AlertRule.is_active).order_by(AlertRule.position, AlertRule.id)
    return list(db.session.scalars(query))


def list_rules(actor: Viewer) -> list[tuple[AlertRule, str]]:
    """All rules with the names of their services, for those who announce."""
    require_announcer(actor)
    query = select(AlertRule, Service.name).join(Service, Service.id == AlertRule.service_id)
    rows = db.session.execute(query.order_by(AlertRule.position, AlertRule.id))
    return [(row[0], row[1]) for row in rows]


def get_rule(actor: Viewer, rule_id: int, *, lock: bool = False) -> AlertRule:
    """A rule, for those who announce. Raises NotFound, Forbidden."""
    require_announcer(actor)
    found = None
    if rule_id < 2**31:
        found = db.session.get(AlertRule, rule_id, with_for_update=lock or None, populate_existing=lock)
    if found is None:
        raise NotFound(_("There is no such rule."))
    return found


def count_rules() -> int:
    return db.session.scalar(select(func.count()).select_from(AlertRule)) or 0


def find_alert(source: str, fingerprint: str) -> Alert | None:
    """The alert, locked until the running transaction ends."""
    query = select(Alert).where(Alert.source == source, Alert.fingerprint == fingerprint)
    return db.session.scalars(query.with_for_update().execution_options(populate_existing=True)).one_or_none()


def service_called(name: str) -> int | None:
    """The service in use with this slug or name."""
    wanted = fold(name)
    if not wanted:
        return None
    rows = db.session.execute(select(Service.id, Service.slug, Service.name).where(Service.is_retired.is_(False)))
    return next((row.id for row in rows if name.strip().casefold() == row.slug or fold(row.name) == wanted), None)


def outage_for(alert: Alert, service_id: int, now: datetime) -> Announcement | None:
    """Where an alert belongs: its own outage while that lasts, else what runs on the service, else a draft of alerts,
    else one that somebody began from a surge.

    A running maintenance counts: alerts are what it brings.
    """
    own = db.session.get(Announcement, alert.announcement_id) if alert.announcement_id else None
    if own is not None and is_open(own, now):
        return own
    running = [a for a in live_announcements(now) if is_running(a, now) and service_id in {s.id for s in a.services}]
    if running:
        chosen = min(running, key=lambda a: (a.kind is not Kind.incident, a.severity, -a.id))
        return db.session.get(Announcement, chosen.id)
    same_group = and_(Alert.source == alert.source, Alert.group_key == alert.group_key, Alert.group_key != "")
    query = (
        select(Announcement)
        .join(Alert, Alert.announcement_id == Announcement.id)
        .where(Announcement.status == Status.draft, or_(Alert.service_id == service_id, same_group))
        .order_by(Announcement.id.desc())
        .limit(1)
    )
    return db.session.scalars(query).one_or_none() or _draft_of_surge(service_id, now)


def _draft_of_surge(service_id: int, now: datetime) -> Announcement | None:
    """The draft about the service that somebody is making of a surge. One that lay for long was given up."""
    query = (
        select(Announcement)
        .join(AffectedService, AffectedService.announcement_id == Announcement.id)
        .join(TimelineEntry, TimelineEntry.announcement_id == Announcement.id)
        .where(
            Announcement.status == Status.draft,
            AffectedService.service_id == service_id,
            TimelineEntry.kind == "surge_noticed",
            TimelineEntry.at > now - DRAFT_COUNTS,
        )
        .order_by(Announcement.id.desc())
        .limit(1)
    )
    return db.session.scalars(query).one_or_none()


def is_open(record: Announcement, now: datetime) -> bool:
    """Whether alerts may still belong to it: a draft, or published and not over."""
    return phase(record, now) in (Phase.draft, Phase.upcoming, Phase.active)


def fires_for(announcement_id: int) -> bool:
    """Whether an alert of this announcement fires."""
    query = select(Alert.id).where(Alert.announcement_id == announcement_id, Alert.status == AlertStatus.firing)
    return db.session.scalar(query.limit(1)) is not None


def alerts_of(announcement_id: int, now: datetime) -> AlertsOfOutage:
    """How the alerts of an announcement are, the firing ones first. The caller may see the announcement."""
    query = select(Alert).where(Alert.announcement_id == announcement_id)
    found = tuple(db.session.scalars(query.order_by(Alert.status, Alert.id).limit(50)))
    ends = [a.ends_at or a.starts_at for a in found if a.status is AlertStatus.resolved]
    is_over = bool(found) and len(ends) == len(found)
    flapping = any(is_flapping([datetime.fromisoformat(c) for c in a.changes], now) for a in found)
    return AlertsOfOutage(found, max(ends) if is_over else None, flapping)


@dataclass(frozen=True, slots=True)
class AlertOrigin:
    """One alert from which a draft comes, with what its last signal said."""

    alert: Alert
    description: str
    labels: Mapping[str, str]


def origins_of(announcement_id: int, now: datetime) -> list[AlertOrigin]:
    """The alerts of an announcement with their labels. The caller may see the announcement. Two reads."""
    alerts = alerts_of(announcement_id, now).alerts
    newest = select(func.max(AlertSignal.id)).where(AlertSignal.alert_id.in_([a.id for a in alerts]))
    query = select(AlertSignal).where(AlertSignal.id.in_(newest.group_by(AlertSignal.alert_id)))
    signals = {s.alert_id: s for s in db.session.scalars(query)} if alerts else {}
    return [
        AlertOrigin(a, s.description if (s := signals.get(a.id)) else "", dict(s.labels) if s else {}) for a in alerts
    ]


def list_signals(
    actor: Viewer, *, after: tuple[datetime, int] | None = None, limit: int = 50, only_unmapped: bool = False
) -> list[SignalRow]:
    """What was received, newest first, for those who announce."""
    require_announcer(actor)
    query = (
        select(AlertSignal, Alert.source, Alert.fingerprint, AlertRule.name, Service.name)
        .join(Alert, Alert.id == AlertSignal.alert_id)
        .outerjoin(AlertRule, AlertRule.id == AlertSignal.rule_id)
        .outerjoin(Service, Service.id == Alert.service_id)
    )
    if only_unmapped:
        query = query.where(AlertSignal.outcome == "no_rule")
    if after is not None:
        at, id = after
        query = query.where(or_(AlertSignal.received_at < at, and_(AlertSignal.received_at == at, AlertSignal.id < id)))
    rows = db.session.execute(query.order_by(AlertSignal.received_at.desc(), AlertSignal.id.desc()).limit(limit))
    return [SignalRow(*row) for row in rows]


def count_waiting_drafts() -> int:
    """Drafts that alerts opened, of which one still fires."""
    query = (
        select(func.count(Announcement.id.distinct()))
        .select_from(Alert)
        .join(Announcement, Announcement.id == Alert.announcement_id)
        .where(Alert.status == AlertStatus.firing, Announcement.status == Status.draft)
    )
    return db.session.scalar(query) or 0


def people_to_tell(service_id: int) -> Sequence[User]:
    """The technicians of the service's team, without any all technicians: those who have a mailbox."""
    query = select(User).where(User.id.in_(technicians_for(service_id)), User.email.is_not(None))
    return db.session.scalars(query.order_by(User.id)).all()
