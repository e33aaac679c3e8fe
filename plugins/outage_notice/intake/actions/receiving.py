"""What a received alert changes: its own row, the draft that it opens, the outage on which it is noted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from helpdesk.plugin_api import (
    Service,
    Viewer,
    insert_into,
    is_postgresql,
    now,
    record_audit,
    record_event,
    record_feed,
    transaction,
)
from plugins.outage_notice.announcements.actions.drafts import insert_draft
from plugins.outage_notice.announcements.actions.writing import log
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries.records import require_announcer
from plugins.outage_notice.intake import queries, rules
from plugins.outage_notice.intake.actions.telling import tell_technicians
from plugins.outage_notice.intake.models import Alert, AlertRule, AlertSignal
from plugins.outage_notice.intake.rules import AlertDraftOpened, AlertStatus, Change, Known, Outcome, Signal
from plugins.outage_notice.intake.wording import draft_of_alert


@dataclass(frozen=True, slots=True)
class Received:
    """What became of one signal; `outcome` None: it was known, and nothing happened."""

    outcome: Outcome | None
    announcement_id: int | None = None


def receive(actor: Viewer, signal: Signal) -> Received:
    """Take one alert of a monitoring system. The same again, or an older one, changes nothing, unless it still fires
    and belongs to no announcement.

    A firing alert opens a draft, or is noted on the outage that is there; one that is over proposes its resolution.
    Raises Forbidden for agents and NotFound for requesters.
    """
    at = now()
    require_announcer(actor)
    with transaction() as session:
        alert, known = _alert(session, signal, at)
        change = rules.change_of(known, signal)
        if change is Change.nothing:
            return _again(session, alert, signal, actor, at)
        if change is Change.late:
            is_new = _keep(session, alert, signal, signal.starts_at or at, Outcome.late, None, None, actor, at)
            return Received(Outcome.late if is_new else None)
        starts_at = signal.starts_at or (at if change is Change.fires or known is None else known.starts_at)
        flaps = _write(alert, signal, starts_at, at, is_first=known is None)
        session.flush()
        rule, service_id = _place(session, alert, signal)
        if change is Change.fires:
            outcome, record = _fire(session, alert, signal, rule, service_id, flaps, actor, at)
        else:
            outcome, record = _recover(session, alert, signal, flaps, at)
        _keep(session, alert, signal, starts_at, outcome, rule, record, actor, at)
        after = {"status": signal.status, "title": alert.title, "outcome": outcome}
        record_audit(actor, "alert.received", "alert", alert.id, after=after)
        return Received(outcome, None if record is None else record.id)


def _again(session: Session, alert: Alert, signal: Signal, actor: Viewer, at: datetime) -> Received:
    """The same again changes nothing; only what still fires and belongs to nothing is looked at anew.

    It was damped, no rule knew it, or its draft was deleted: what lasts must not be lost.
    """
    flaps = rules.is_flapping([datetime.fromisoformat(c) for c in alert.changes], at)
    if signal.status is not AlertStatus.firing or alert.announcement_id is not None or flaps:
        return Received(None)
    alert.title, alert.group_key = signal.title, signal.group_key
    rule, service_id = _place(session, alert, signal)
    outcome, record = _fire(session, alert, signal, rule, service_id, False, actor, at)
    if record is None:
        return Received(None)
    session.execute(
        update(AlertSignal)
        .where(
            AlertSignal.alert_id == alert.id,
            AlertSignal.starts_at == alert.starts_at,
            AlertSignal.status == AlertStatus.firing,
        )
        .values(outcome=outcome, rule_id=None if rule is None else rule.id, announcement_id=record.id)
    )
    after = {"status": signal.status, "title": alert.title, "outcome": outcome}
    record_audit(actor, "alert.received", "alert", alert.id, after=after)
    return Received(outcome, record.id)


def _place(session: Session, alert: Alert, signal: Signal) -> tuple[AlertRule | None, int | None]:
    """Which rule maps the alert, and to which service. Of two alerts of one service at the same time the second
    waits, and finds the draft of the first.
    """
    rule, service_id = _meant(signal)
    if service_id is not None:
        session.get(Service, service_id, with_for_update=True, populate_existing=True)
        _wait_for_group(session, alert)
    alert.service_id = service_id
    return rule, service_id


def _wait_for_group(session: Session, alert: Alert) -> None:
    """Two alerts of one group on two services at the same time: the second finds the draft of the first.

    A group has no row to lock; SQLite lets only one write at a time anyway.
    """
    if alert.group_key and is_postgresql():
        name = f"alert group {alert.source} {alert.group_key}"
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def _alert(session: Session, signal: Signal, at: datetime) -> tuple[Alert, Known | None]:
    """The alert, locked, and how it was before; a new row where nothing was known."""
    values = {
        "source": signal.source,
        "fingerprint": signal.fingerprint,
        "group_key": signal.group_key,
        "title": signal.title,
        "status": signal.status,
        "starts_at": signal.starts_at or at,
        "changes": [],
        "first_seen_at": at,
    }
    made = session.scalar(
        insert_into(Alert)
        .values(values)
        .on_conflict_do_nothing(index_elements=["source", "fingerprint"])
        .returning(Alert.id)
    )
    alert = queries.find_alert(signal.source, signal.fingerprint)
    if alert is None:
        raise RuntimeError("the alert was not written")
    alert.seen_at = at
    return alert, None if made is not None else Known(alert.status, alert.starts_at)


def _write(alert: Alert, signal: Signal, starts_at: datetime, at: datetime, *, is_first: bool) -> bool:
    """Write how the alert is now. Whether it changes too often."""
    changes = [] if is_first else [datetime.fromisoformat(c) for c in alert.changes]
    changes = rules.latest_changes(changes, at)
    alert.changes = [c.isoformat() for c in changes]
    alert.title, alert.group_key = signal.title, signal.group_key
    alert.status, alert.starts_at = signal.status, starts_at
    alert.ends_at = (signal.ends_at or at) if signal.status is AlertStatus.resolved else None
    return rules.is_flapping(changes, at)


def _meant(signal: Signal) -> tuple[AlertRule | None, int | None]:
    """The rule that maps it and its service; without a rule the service that the alert itself names."""
    labels = {"source": signal.source, "service": signal.service, "severity": signal.severity} | dict(signal.labels)
    rule = rules.find_rule(queries.active_rules(), labels)
    if rule is not None:
        return rule, rule.service_id
    return None, queries.service_called(signal.service)


def _fire(
    session: Session,
    alert: Alert,
    signal: Signal,
    rule: AlertRule | None,
    service_id: int | None,
    flaps: bool,
    actor: Viewer,
    at: datetime,
) -> tuple[Outcome, Announcement | None]:
    if service_id is None:
        return Outcome.no_rule, None
    record = queries.outage_for(alert, service_id, at)
    alert.announcement_id = None if record is None else record.id
    if flaps:
        _note_flapping(session, alert, record, at)
        return Outcome.damped, record
    if record is not None:
        _note(session, record, "alert_fired", alert, signal, at)
        return Outcome.updated, record
    return Outcome.opened_draft, _open_draft(session, alert, signal, rule, service_id, actor, at)


def _open_draft(
    session: Session,
    alert: Alert,
    signal: Signal,
    rule: AlertRule | None,
    service_id: int,
    actor: Viewer,
    at: datetime,
) -> Announcement:
    draft = draft_of_alert(signal, service_id, rule, actor, alert.starts_at, at)
    record = insert_draft(session, actor, draft, at)
    alert.announcement_id = record.id
    log(session, record, actor, at, "created", after={"title": record.title, "alert_id": alert.id})
    _note(session, record, "alert_fired", alert, signal, at)
    if rule is not None and rule.publishes:  # whoever publishes it tells what became of it
        record_event(AlertDraftOpened(record.id, rule.id, alert.id))
    else:
        tell_technicians(record, alert, signal.description)
    return record


def _recover(
    session: Session, alert: Alert, signal: Signal, flaps: bool, at: datetime
) -> tuple[Outcome, Announcement | None]:
    record = session.get(Announcement, alert.announcement_id) if alert.announcement_id is not None else None
    if record is None or not queries.is_open(record, at):
        return Outcome.recovered, None
    if flaps:
        _note_flapping(session, alert, record, at)
        return Outcome.damped, record
    _note(session, record, "alert_resolved", alert, signal, at)
    return (Outcome.recovered if queries.fires_for(record.id) else Outcome.proposed), record


def _note_flapping(session: Session, alert: Alert, record: Announcement | None, at: datetime) -> None:
    """Say once that it changes too often; then keep quiet until it has been calm."""
    noted = alert.flapping_noted_at
    alert.flapping_noted_at = at
    if record is None or (noted is not None and at - noted < rules.FLAP_WINDOW):
        return
    data = {"alert_id": alert.id, "source": alert.source, "about": alert.title, "changes": len(alert.changes)}
    log(session, record, None, at, "alert_flapping", data=data, after=data)
    record_feed("announcement", record.id)


def _note(session: Session, record: Announcement, kind: str, alert: Alert, signal: Signal, at: datetime) -> None:
    """One internal line in the timeline."""
    data = {
        "alert_id": alert.id,
        "source": alert.source,
        "about": alert.title,
        "text": signal.description[:500],
        "starts_at": alert.starts_at.isoformat(),
        "ends_at": alert.ends_at.isoformat() if alert.ends_at else None,
    }
    log(session, record, None, at, kind, data=data, after={"alert_id": alert.id})
    record_feed("announcement", record.id)


def _keep(
    session: Session,
    alert: Alert,
    signal: Signal,
    starts_at: datetime,
    outcome: Outcome,
    rule: AlertRule | None,
    record: Announcement | None,
    actor: Viewer,
    at: datetime,
) -> bool:
    """Write down what was received and what became of it. False when this very change was received before."""
    values = {
        "alert_id": alert.id,
        "status": signal.status,
        "starts_at": starts_at,
        "received_at": at,
        "title": signal.title,
        "description": signal.description,
        "labels": dict(signal.labels),
        "outcome": outcome,
        "rule_id": None if rule is None else rule.id,
        "announcement_id": None if record is None else record.id,
        "received_by_id": actor.id,
    }
    written = (
        insert_into(AlertSignal)
        .values(values)
        .on_conflict_do_nothing(index_elements=["alert_id", "starts_at", "status"])
    )
    return session.scalar(written.returning(AlertSignal.id)) is not None


def forget_old(at: datetime) -> int:
    """Delete what was received long ago, and alerts that have been over since. How many signals."""
    before = at - rules.SIGNALS_KEPT
    with transaction() as session:
        done = session.execute(delete(AlertSignal).where(AlertSignal.received_at < before))
        session.execute(delete(Alert).where(Alert.status == AlertStatus.resolved, Alert.ends_at < before))
    return int(getattr(done, "rowcount", 0))
