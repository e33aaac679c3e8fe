"""Everything of the host that a plugin may use. Plugins import from here and nowhere else."""

from __future__ import annotations

from helpdesk.accounts.models import Department, Team, User
from helpdesk.accounts.queries import viewers
from helpdesk.accounts.rules import DepartmentsChanged, Role, UserChanged
from helpdesk.audit.actions import raise_alarm
from helpdesk.audit.actions import record as record_audit
from helpdesk.audit.budgets import require_audience
from helpdesk.catalog.models import Service, ServiceDepartment
from helpdesk.catalog.queries import lineages as service_lineages
from helpdesk.catalog.rules import ServiceChanged
from helpdesk.channels.actions import queue_notification
from helpdesk.config import LOCALES
from helpdesk.core.clock import now
from helpdesk.core.database import Base, Choice, UTCDateTime, db, insert_into, is_postgresql, time_limit, transaction
from helpdesk.core.errors import Conflict, Forbidden, HelpdeskError, Invalid, NotFound, Stale, TooMany
from helpdesk.core.events import Event
from helpdesk.core.failpoints import hit as failpoint
from helpdesk.core.feed import Change as FeedChange
from helpdesk.core.feed import Head as FeedHead
from helpdesk.core.feed import changes_since as feed_changes_since
from helpdesk.core.feed import head as feed_head
from helpdesk.core.feed import record as record_feed
from helpdesk.core.outbox import record as record_event
from helpdesk.hooks.specs import (
    Assets,
    Badge,
    Board,
    CannedText,
    FormNotice,
    Job,
    MailReference,
    MenuLink,
    ReplyText,
    Retirement,
    SocketVerb,
    TicketFacts,
    Viewer,
    hookimpl,
)
from helpdesk.mail.actions import queue_mail
from helpdesk.mail.actions import take_accepted as take_accepted_mails
from helpdesk.mail.queries import has_accepted as has_accepted_mails
from helpdesk.mail.rules import is_address as is_mail_address
from helpdesk.realtime.presence import online_user_ids
from helpdesk.tickets.actions import append_automated_reply, append_reply, open_ticket
from helpdesk.tickets.actions import change_inside as change_ticket_inside
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.queries import find_visible_ticket, get_visible_ticket, ticket_facts
from helpdesk.tickets.queries import get_message as get_ticket_message
from helpdesk.tickets.rules import (
    AutomatedReplyAdded,
    MessageAdded,
    NewTicket,
    TicketChanged,
    TicketOpened,
    TicketStatusChanged,
)
from helpdesk.tickets.rules import Change as TicketChange
from helpdesk.tickets.rules import Status as TicketStatus
from helpdesk.tickets.rules import Waiting as TicketWaiting
from helpdesk.web.access import allow, find_viewer, get_viewer
from helpdesk.web.api import (
    Answer,
    Body,
    Page,
    Sent,
    etag,
    idempotent,
    if_match,
    limit_argument,
    make_cursor,
    paged,
    paged_whole,
    read_cursor,
)
from helpdesk.web.forms import BaseForm, LocalDateTimeField
from helpdesk.web.letters import language_for, page_address, time_zone_for
from helpdesk.web.limits import limit
from helpdesk.web.markdown import to_html as markdown_to_html
from helpdesk.web.markdown import to_text as markdown_to_text
from helpdesk.web.redirects import safe_next
from helpdesk.web.validation import messages_of

__all__ = [
    "LOCALES",
    "Answer",
    "Assets",
    "AutomatedReplyAdded",
    "Badge",
    "Base",
    "BaseForm",
    "Board",
    "Body",
    "CannedText",
    "Choice",
    "Conflict",
    "Department",
    "DepartmentsChanged",
    "Event",
    "FeedChange",
    "FeedHead",
    "Forbidden",
    "FormNotice",
    "HelpdeskError",
    "Invalid",
    "Job",
    "LocalDateTimeField",
    "MailReference",
    "MenuLink",
    "MessageAdded",
    "NewTicket",
    "NotFound",
    "Page",
    "ReplyText",
    "Retirement",
    "Role",
    "Sent",
    "Service",
    "ServiceChanged",
    "ServiceDepartment",
    "SocketVerb",
    "Stale",
    "Team",
    "Ticket",
    "TicketChange",
    "TicketChanged",
    "TicketFacts",
    "TicketOpened",
    "TicketStatus",
    "TicketStatusChanged",
    "TicketWaiting",
    "TooMany",
    "UTCDateTime",
    "User",
    "UserChanged",
    "Viewer",
    "allow",
    "append_automated_reply",
    "append_reply",
    "change_ticket_inside",
    "db",
    "etag",
    "failpoint",
    "feed_changes_since",
    "feed_head",
    "find_viewer",
    "find_visible_ticket",
    "get_ticket_message",
    "get_viewer",
    "get_visible_ticket",
    "has_accepted_mails",
    "hookimpl",
    "idempotent",
    "if_match",
    "insert_into",
    "is_mail_address",
    "is_postgresql",
    "language_for",
    "limit",
    "limit_argument",
    "make_cursor",
    "markdown_to_html",
    "markdown_to_text",
    "messages_of",
    "now",
    "online_user_ids",
    "open_ticket",
    "page_address",
    "paged",
    "paged_whole",
    "queue_mail",
    "queue_notification",
    "raise_alarm",
    "read_cursor",
    "record_audit",
    "record_event",
    "record_feed",
    "require_audience",
    "safe_next",
    "service_lineages",
    "take_accepted_mails",
    "ticket_facts",
    "time_limit",
    "time_zone_for",
    "transaction",
    "viewers",
]
