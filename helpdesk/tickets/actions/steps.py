"""Steps that several actions share. None opens a transaction; all need one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import Executable, bindparam, insert, select, text
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Team, User
from helpdesk.accounts.rules import STAFF
from helpdesk.audit import actions as audit
from helpdesk.catalog.models import Service
from helpdesk.core import outbox
from helpdesk.core.database import insert_into, is_postgresql, require_connection, table_of
from helpdesk.core.errors import Conflict, Forbidden, Invalid
from helpdesk.hooks.specs import Viewer
from helpdesk.tickets.models import Message, Ticket, TicketChange
from helpdesk.tickets.queries.search import fold
from helpdesk.tickets.rules import (
    BODY_LIMIT,
    KEEP,
    OPEN_STATUSES,
    SUBJECT_LIMIT,
    Change,
    MessageKind,
    Priority,
    Status,
    TicketChanged,
    TicketStatusChanged,
    Waiting,
)
from helpdesk.tickets.rules.states import (
    Promise,
    may_move,
    may_requester_move,
    promise_after_priority,
    promise_after_status,
    waiting_of,
)

SHORT = {"is_short": True}
# Made once: opening a ticket writes a dozen rows, and making a statement costs more than carrying it out.
MESSAGE = table_of(Message)
PERSON = select(User.name, User.disabled_at).where(User.id == bindparam("one_id")).execution_options(is_short=True)
WRITE_HISTORY = insert(table_of(TicketChange)).inline().execution_options(is_short=True)
INDEX_FTS5 = text("INSERT INTO ticket_search (rowid, public_doc, staff_doc) VALUES (:id, :public, :staff)")
INDEX_TSVECTOR = text(
    "INSERT INTO ticket_search (ticket_id, public_doc, staff_doc) VALUES (:id, to_tsvector('simple', :public),"
    " to_tsvector('simple', :public) || to_tsvector('simple', :staff))"
)

INDEXED_CHARACTERS = 200_000  # of one ticket; a longer thread goes on, its later words are not found


def clean_subject(value: str) -> str:
    """One line, not empty, within the limit. Raises Invalid for "subject"."""
    subject = " ".join(value.split())
    if not subject:
        raise Invalid({"subject": _("Say in one sentence what it is about.")})
    if len(subject) > SUBJECT_LIMIT:
        raise Invalid({"subject": _("Use at most %(count)s characters.", count=SUBJECT_LIMIT)})
    return subject


def clean_body(value: str, *, may_be_empty: bool = False) -> str:
    body = value.replace("\r\n", "\n").strip()
    if not body and not may_be_empty:
        raise Invalid({"body": _("Write something first.")})
    if len(body) > BODY_LIMIT:
        raise Invalid({"body": _("Use at most %(count)s characters.", count=BODY_LIMIT)})
    return body


def require_service(session: Session, service_id: int | None) -> str | None:
    """The service's name. Raises Invalid for an unknown or retired one."""
    if service_id is None:
        return None
    service = session.get(Service, service_id) if 0 < service_id < 2**31 else None
    if service is None or service.is_retired:
        raise Invalid({"service_id": _("Choose a service from the list.")})
    return service.name


def require_person(session: Session, user_id: int, field: str, *, staff: bool = False) -> User:
    """An enabled person (of staff). Raises Invalid for `field`."""
    user = session.get(User, user_id) if 0 < user_id < 2**31 else None
    if user is None or user.disabled_at is not None or (staff and user.role not in STAFF):
        raise Invalid({field: _("Choose a person from the list.")})
    return user


def require_name(user_id: int, field: str) -> str:
    """The name of an enabled person. Raises Invalid for `field`."""
    row = require_connection().execute(PERSON, {"one_id": user_id}).one_or_none() if 0 < user_id < 2**31 else None
    if row is None or row.disabled_at is not None:
        raise Invalid({field: _("Choose a person from the list.")})
    return str(row.name)


def add_message_row(*, strict: bool = False, **values: Any) -> int | None:
    """Write a message; its id, or None when one with the same `cause_id` exists (`strict`: IntegrityError)."""
    once = values.get("cause_id") is not None and not strict
    message_id: int | None = require_connection().scalar(_write_message(is_postgresql(), once), values)
    return message_id


@cache
def _write_message(for_postgresql: bool, once: bool) -> Executable:
    statement = insert_into(MESSAGE, for_postgresql=for_postgresql)
    if once:
        statement = statement.on_conflict_do_nothing(index_elements=["cause_id"])
    return statement.returning(MESSAGE.c.id).execution_options(is_short=True)


def index_new_ticket(ticket_id: int, public: str, staff: str) -> None:
    """Put a ticket into the text index. `staff` is found by staff only."""
    values = {"id": ticket_id, "public": fold(public)[:INDEXED_CHARACTERS], "staff": fold(staff)[:INDEXED_CHARACTERS]}
    require_connection().execute(INDEX_TSVECTOR if is_postgresql() else INDEX_FTS5, values, execution_options=SHORT)


def index_more_text(session: Session, ticket_id: int, words: str, *, public: bool) -> None:
    """Add the words of a message (or new subject) to a ticket's documents."""
    values = {"id": ticket_id, "words": fold(words)[:INDEXED_CHARACTERS], "limit": INDEXED_CHARACTERS}
    if is_postgresql():
        docs = ("public_doc", "staff_doc") if public else ("staff_doc",)
        sets = ", ".join(
            f"{d} = CASE WHEN pg_column_size({d}) < :limit THEN {d} || to_tsvector('simple', :words) ELSE {d} END"
            for d in docs
        )
        session.execute(text(f"UPDATE ticket_search SET {sets} WHERE ticket_id = :id"), values)  # noqa: S608
        return
    doc = "public_doc" if public else "staff_doc"
    session.execute(
        text(
            f"UPDATE ticket_search SET {doc} = {doc} || ' ' || :words "  # noqa: S608 - one of two names
            f"WHERE rowid = :id AND length({doc}) < :limit"
        ),
        values,
    )


def move_status(ticket: Ticket, status: Status, waiting_on: Waiting | None, now: datetime) -> None:
    """Set status, waiting, due time and the moments of solving and closing. The move was found to be allowed."""
    before = ticket.status
    if status is not before:
        promise = Promise(ticket.due_at, ticket.paused_seconds_left)
        promise = promise_after_status(promise, before, status, ticket.priority, now)
        ticket.due_at, ticket.paused_seconds_left = promise.due_at, promise.paused_seconds_left
        if status in OPEN_STATUSES:
            ticket.solved_at = ticket.closed_at = None
        elif status is Status.solved:
            ticket.solved_at = now
        else:
            ticket.closed_at = now
    ticket.status = status
    ticket.waiting_on = waiting_of(status, waiting_on)


def apply_change(
    session: Session, actor: Viewer | None, ticket: Ticket, change: Change, now: datetime, *, is_told: bool = False
) -> bool:
    """Check and make a change with its history, audit entry and events. False when nothing differs.

    Raises Forbidden, Invalid or Conflict before anything is touched. `actor` None is the program.
    """
    given = _checked(session, actor, ticket, change, now)
    before = {name: getattr(ticket, name) for name in given}
    labels = {name: _label(session, name, value) for name, value in before.items()}
    old_status, old_priority = ticket.status, ticket.priority
    if "status" in given or "waiting_on" in given:
        status = given.get("status", ticket.status)
        move_status(ticket, status, given.get("waiting_on", ticket.waiting_on), now)
    for name in given.keys() - {"status", "waiting_on"}:
        setattr(ticket, name, given[name])
    if ticket.priority is not old_priority:
        _move_promise(ticket, old_priority)
    changed = [name for name in given if getattr(ticket, name) != before[name]]
    if not changed:
        return False
    if "subject" in changed:
        index_more_text(session, ticket.id, ticket.subject, public=True)
    ticket.revision += 1
    ticket.updated_at = now
    for name in changed:
        add_history(ticket.id, actor, now, name, labels[name], _label(session, name, getattr(ticket, name)))
    old, present = {name: before[name] for name in changed}, {name: getattr(ticket, name) for name in changed}
    audit.record(actor, "ticket.changed", "ticket", ticket.number, before=old, after=present)
    _record_events(ticket, old_status, changed, is_told)
    return True


def _move_promise(ticket: Ticket, old_priority: Priority) -> None:
    promise = promise_after_priority(Promise(ticket.due_at, ticket.paused_seconds_left), old_priority, ticket.priority)
    ticket.due_at, ticket.paused_seconds_left = promise.due_at, promise.paused_seconds_left


def _record_events(ticket: Ticket, old_status: Status, changed: list[str], is_told: bool) -> None:
    if ticket.status is not old_status:
        outbox.record(TicketStatusChanged(ticket.id, old_status.value, ticket.status.value, is_told))
    rest = tuple(name for name in changed if name != "status")
    if rest:
        outbox.record(TicketChanged(ticket.id, rest))


def _checked(
    session: Session, actor: Viewer | None, ticket: Ticket, change: Change, now: datetime
) -> Mapping[str, Any]:
    given = change.given()
    if actor is not None and not actor.is_staff:
        _check_requester(ticket, given, now)
    if change.subject is not KEEP:
        given["subject"] = clean_subject(change.subject)
    if isinstance(change.service_id, int) and change.service_id != ticket.service_id:
        require_service(session, change.service_id)
    if isinstance(change.assignee_id, int) and change.assignee_id != ticket.assignee_id:
        require_person(session, change.assignee_id, "assignee_id", staff=True)
    if isinstance(change.team_id, int) and not (
        0 < change.team_id < 2**31 and session.get(Team, change.team_id) is not None
    ):
        raise Invalid({"team_id": _("Choose a team from the list.")})
    if change.status is not KEEP and not may_move(ticket.status, change.status):
        raise Conflict(_("This ticket cannot go from this status to the chosen one. Reload to see how it is now."))
    return given


def _check_requester(ticket: Ticket, given: Mapping[str, Any], now: datetime) -> None:
    if set(given) - {"status"}:
        raise Forbidden(_("Only staff change this. Write a message and they will."))
    status = given.get("status", ticket.status)
    if status != ticket.status and not may_requester_move(ticket.status, status, ticket.closed_at, now):
        raise Conflict(_("This ticket can no longer be reopened. Please open a new one."))


def add_history(ticket_id: int, actor: Viewer | None, at: datetime, field: str, before: Any, after: Any) -> None:
    """One line of the visible history. Values are codes (status, priority) or names."""
    require_connection().execute(
        WRITE_HISTORY,
        {
            "ticket_id": ticket_id,
            "at": at,
            "actor_id": None if actor is None else actor.id,
            "field": field,
            "before": None if before is None else str(before)[:300],
            "after": None if after is None else str(after)[:300],
        },
    )


def _label(session: Session, name: str, value: Any) -> str | None:
    """A value as the history keeps it: names instead of ids, codes of enums."""
    if value is None:
        return None
    tables: dict[str, Any] = {"assignee_id": User, "team_id": Team, "service_id": Service}
    if name in tables:
        return session.scalar(select(tables[name].name).where(tables[name].id == value))
    return str(value.value) if isinstance(value, Enum) else str(value)


def note_reply(ticket: Ticket, kind: MessageKind, by_requester: bool, now: datetime) -> None:
    """Remember who wrote last. A note leaves no trace on what the requester may see of the ticket."""
    if kind is MessageKind.internal_note:
        return
    ticket.updated_at = now
    if by_requester:
        ticket.last_requester_message_at = now
    elif kind is MessageKind.public_reply:
        ticket.last_reply_at = now
