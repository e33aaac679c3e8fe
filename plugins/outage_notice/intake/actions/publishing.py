"""Whether what an alert opened may be published by itself, and why it was not."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from helpdesk.plugin_api import Viewer, now, record_feed, transaction, viewers
from plugins.outage_notice.announcements.actions.writing import log
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.rules import Status
from plugins.outage_notice.intake import queries
from plugins.outage_notice.intake.models import AlertRule
from plugins.outage_notice.intake.rules import AlertDraftOpened


def may_publish(event: AlertDraftOpened) -> Viewer | None:
    """In whose name the draft of a rule is to be published now; None, with a note, when it may not be any more."""
    at = now()
    with transaction() as session:
        record, rule = session.get(Announcement, event.announcement_id), session.get(AlertRule, event.rule_id)
        if record is None or record.status is not Status.draft:
            return None
        who = rule.publishes_by_id if rule is not None and rule.publishes and rule.is_active else None
        person = viewers([who]).get(who) if who is not None else None
        if person is None or not person.may_announce:
            _say_unpublished(session, record, _("The rule has nobody any more in whose name it may publish."), at)
            return None
        if not queries.fires_for(record.id):
            _say_unpublished(session, record, _("The alert was over before it could be published."), at)
            return None
        return person


def say_unpublished(announcement_id: int, reason: str) -> None:
    """Note on a draft why it was not published by itself."""
    at = now()
    with transaction() as session:
        record = session.get(Announcement, announcement_id)
        if record is not None and record.status is Status.draft:
            _say_unpublished(session, record, reason, at)


def _say_unpublished(session: Session, record: Announcement, reason: str, at: datetime) -> None:
    log(session, record, None, at, "alert_unpublished", data={"text": reason}, after={"reason": reason})
    record_feed("announcement", record.id)
