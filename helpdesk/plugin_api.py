"""Everything of the host that a plugin may use. Plugins import from here and nowhere else."""

from __future__ import annotations

from helpdesk.accounts.models import Department, User
from helpdesk.accounts.rules import Role
from helpdesk.audit.actions import record as record_audit
from helpdesk.catalog.models import Service, ServiceDepartment
from helpdesk.core.clock import now
from helpdesk.core.database import Base, Choice, UTCDateTime, db, is_postgresql, transaction
from helpdesk.core.errors import Conflict, Forbidden, HelpdeskError, Invalid, NotFound, Stale, TooMany
from helpdesk.core.events import Event
from helpdesk.core.feed import record as record_feed
from helpdesk.core.outbox import record as record_event
from helpdesk.hooks.specs import (
    Assets,
    Badge,
    Board,
    FormNotice,
    Job,
    MenuLink,
    ReplyText,
    Retirement,
    SocketVerb,
    TicketFacts,
    Viewer,
    hookimpl,
)
from helpdesk.web.access import allow, find_viewer, get_viewer

__all__ = [
    "Assets",
    "Badge",
    "Base",
    "Board",
    "Choice",
    "Conflict",
    "Department",
    "Event",
    "Forbidden",
    "FormNotice",
    "HelpdeskError",
    "Invalid",
    "Job",
    "MenuLink",
    "NotFound",
    "ReplyText",
    "Retirement",
    "Role",
    "Service",
    "ServiceDepartment",
    "SocketVerb",
    "Stale",
    "TicketFacts",
    "TooMany",
    "UTCDateTime",
    "User",
    "Viewer",
    "allow",
    "db",
    "find_viewer",
    "get_viewer",
    "hookimpl",
    "is_postgresql",
    "now",
    "record_audit",
    "record_event",
    "record_feed",
    "transaction",
]
