"""Following the service catalogue."""

from __future__ import annotations

from sqlalchemy import or_, select

from helpdesk.plugin_api import transaction
from plugins.outage_notice.announcements import rules
from plugins.outage_notice.announcements.actions.writing import tell
from plugins.outage_notice.announcements.models import AffectedService, Announcement, AudienceTarget
from plugins.outage_notice.audiences.rules import TargetKind


def show_service_again(service_id: int) -> int:
    """Give every live announcement that names this service a new version: its name or its people are not the same.

    Without it a page would take the changed banner for one it has, or for one that ended. How many. Repeat-safe.
    """
    affected = select(AffectedService.announcement_id).where(AffectedService.service_id == service_id)
    for_users = select(AudienceTarget.announcement_id).where(
        AudienceTarget.kind == TargetKind.service_users, AudienceTarget.ref == str(service_id)
    )
    wanted = (
        select(Announcement)
        .where(Announcement.status.in_(rules.LIVE_STATUSES))
        .where(or_(Announcement.id.in_(affected), Announcement.id.in_(for_users)))
        .order_by(Announcement.id)
        .with_for_update()
    )
    with transaction() as session:
        records = session.scalars(wanted).all()
        for record in records:
            tell(record)
    return len(records)
