"""Everything of the host that a plugin may use. Plugins import from here and nowhere else."""

from __future__ import annotations

from helpdesk.core.clock import now
from helpdesk.core.database import Base, Choice, UTCDateTime, db, is_postgresql, transaction
from helpdesk.core.errors import Conflict, Forbidden, HelpdeskError, Invalid, NotFound, Stale, TooMany
from helpdesk.core.events import Event
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

__all__ = [
    "Assets",
    "Badge",
    "Base",
    "Board",
    "Choice",
    "Conflict",
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
    "SocketVerb",
    "Stale",
    "TicketFacts",
    "TooMany",
    "UTCDateTime",
    "Viewer",
    "db",
    "hookimpl",
    "is_postgresql",
    "now",
    "transaction",
]
