"""Publishes announcements in tests, by the product's own actions. Works where `tests.factories` works."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from helpdesk.accounts.models import Department, User
from helpdesk.catalog.models import Service
from helpdesk.plugin_api import now
from plugins.outage_notice.announcements import actions
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.rules import Draft, Kind, ServiceEffect
from plugins.outage_notice.audiences.rules import Target, TargetKind
from tests import factories

HOUR = timedelta(hours=1)


def department(row: Department) -> Target:
    return Target(TargetKind.department, str(row.id))


def requester(row: User) -> Target:
    return Target(TargetKind.requester, str(row.id))


def service_users(row: Service) -> Target:
    return Target(TargetKind.service_users, str(row.id))


EVERYONE = Target(TargetKind.everyone)


@factories.in_app
def publish(author: User, *audience: Target, services: tuple[Service, ...] = (), **more: Any) -> Announcement:
    """A published announcement: by default a major incident that promises an update within the hour."""
    at: datetime = now()
    incident = more.get("kind", Kind.incident) is Kind.incident
    fields: dict[str, Any] = {
        "kind": Kind.incident,
        "severity": 2,
        "title": "VPN is down for everyone at home",
        "description": "You can't connect.",
        "workaround": "Use the browser.",
        "services": tuple(ServiceEffect(s.id) for s in services),
        "audience": audience,
        "next_update_at": at + HOUR if incident else None,
    } | more
    viewer = factories.viewer(author)
    draft = actions.create_draft(viewer, Draft(**fields))
    return actions.publish(viewer, draft.id, confirmed_people=more.get("confirmed_people"))
