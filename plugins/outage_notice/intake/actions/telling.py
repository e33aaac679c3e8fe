"""Telling technicians what an alert has opened."""

from __future__ import annotations

from sqlalchemy import select

from helpdesk.plugin_api import is_mail_address, queue_mail, transaction
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.intake import queries
from plugins.outage_notice.intake.models import Alert, AlertSignal
from plugins.outage_notice.intake.rules import AlertDraftOpened, AlertStatus
from plugins.outage_notice.intake.wording import letter


def tell_technicians(record: Announcement, alert: Alert, description: str) -> None:
    """Mail the technicians of the alert's service, once for each announcement: a draft waits, or it was published."""
    if alert.service_id is None:
        return
    for person in queries.people_to_tell(alert.service_id):
        if is_mail_address(person.email or ""):  # an address that cannot be mailed must not refuse the alert
            subject, text = letter(person, record, alert.title, description)
            queue_mail(person.email or "", subject, text, event_id=f"alert-draft-{record.id}")


def tell_what_became(event: AlertDraftOpened) -> None:
    """The same, once it is known whether it could be published by itself. Safe to repeat."""
    with transaction() as session:
        record, alert = session.get(Announcement, event.announcement_id), session.get(Alert, event.alert_id)
        if record is None or alert is None:
            return
        fired = (AlertSignal.alert_id == alert.id, AlertSignal.status == AlertStatus.firing)
        latest = select(AlertSignal.description).where(*fired).order_by(AlertSignal.id.desc()).limit(1)
        tell_technicians(record, alert, session.scalar(latest) or "")
