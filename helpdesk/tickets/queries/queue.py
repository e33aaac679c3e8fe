"""Lists of tickets: keyset-paged, each in the order of an index, with a constant number of statements per page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select, tuple_
from sqlalchemy.orm import aliased

from helpdesk.accounts.models import Department, Team, User
from helpdesk.catalog.models import Service
from helpdesk.core.database import db, time_limit
from helpdesk.hooks.specs import Viewer
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.queries.search import AnySelect, join_matches, matches, number_of
from helpdesk.tickets.rules import PRIORITY_ORDER, Channel, Priority, QueueFilter, Sort, Status, View, Waiting
from helpdesk.tickets.rules.states import due_style, end_of_day, is_replied_since

COUNT_LIMIT = 1000  # a counter says "1,000+" beyond it: counting further would cost more with every ticket

Keys = tuple[Any, ...]

SORTS: dict[Sort, tuple[tuple[Any, ...], bool]] = {  # columns, descending
    Sort.due: ((Ticket.due_key, Ticket.id), False),
    Sort.newest: ((Ticket.created_at, Ticket.id), True),
    Sort.oldest: ((Ticket.created_at, Ticket.id), False),
    Sort.updated: ((Ticket.updated_at, Ticket.id), True),
    Sort.priority: ((Ticket.priority_rank, Ticket.due_key, Ticket.id), False),
}

Requester = aliased(User, name="requester")
Assignee = aliased(User, name="assignee")


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A ticket as lists show it, with the names of what it points to. `due_style` is "late", "soon" or ""."""

    id: int
    number: int
    subject: str
    status: Status
    waiting_on: Waiting | None
    priority: Priority
    channel: Channel
    requester_id: int
    requester_name: str
    department_name: str | None
    assignee_id: int | None
    assignee_name: str | None
    team_id: int | None
    team_name: str | None
    service_id: int | None
    service_name: str | None
    created_at: datetime
    updated_at: datetime
    due_at: datetime | None
    is_paused: bool
    revision: int
    is_replied_since: bool
    due_style: str


@dataclass(frozen=True, slots=True)
class TicketPage:
    """One page of a list, and the keys after which the next one starts (None: this is the last)."""

    rows: list[TicketRow]
    next_keys: Keys | None


@time_limit()
def list_queue(
    actor: Viewer, wanted: QueueFilter, now: datetime, after: Keys | None = None, limit: int = 50
) -> TicketPage:
    """The tickets that `actor` may see and that fit the filter; requesters get their own, whatever they ask for."""
    query = _named(*_conditions(actor, wanted, now))
    columns, descending = SORTS[wanted.sort]
    number = number_of(wanted.q)
    if number is not None and (wanted.q.lstrip().startswith("#") or _exists(actor, number)):
        query = _named(Ticket.number == number, *_scope(actor))
    elif wanted.q.strip():
        found = _matching(query, actor, wanted)
        if found is None:
            return TicketPage([], None)
        query, key = found
        if key is not None:
            columns, descending = (key,), True
    return _page(query, columns, descending, now, after, limit)


def list_own(
    actor: Viewer, now: datetime, *, q: str = "", view: View = View.all, after: Keys | None = None, limit: int = 20
) -> TicketPage:
    """What `actor` asked for as a requester, newest change first; `view` all, open or done."""
    wanted = QueueFilter(view=view, sort=Sort.updated, q=q, requester_id=actor.id)
    return list_queue(actor, wanted, now, after, limit)


def get_row(ticket: Ticket, now: datetime) -> TicketRow:
    """A ticket that was loaded and authorised before, with names."""
    ids = {
        "requester": ticket.requester_id,
        "assignee": ticket.assignee_id,
        "team": ticket.team_id,
        "service": ticket.service_id,
    }
    return _row_of(ticket, db.session.connection().execute(_NAMES, ids).one(), now)


def _name_of(column: Any, key: Any, parameter: str, label: str) -> Any:
    return select(column).where(key == bindparam(parameter)).scalar_subquery().label(label)


# Made once, as every answer about one ticket asks it.
_NAMES = select(
    _name_of(User.name, User.id, "requester", "requester_name"),
    select(Department.name)
    .join(User, User.department_id == Department.id)
    .where(User.id == bindparam("requester"))
    .scalar_subquery()
    .label("department_name"),
    _name_of(User.name, User.id, "assignee", "assignee_name"),
    _name_of(Team.name, Team.id, "team", "team_name"),
    _name_of(Service.name, Service.id, "service", "service_name"),
)


def count_views(actor: Viewer, now: datetime, views: Sequence[View] = tuple(View)) -> dict[View, int]:
    """How many tickets each tab holds, at most `COUNT_LIMIT` + 1: one statement, bounded however many there are."""
    counts = [
        select(func.count())
        .select_from(
            select(Ticket.id).where(*_conditions(actor, QueueFilter(view=view), now)).limit(COUNT_LIMIT + 1).subquery()
        )
        .scalar_subquery()
        .label(view.value)
        for view in views
    ]
    row = db.session.execute(select(*counts)).one()
    return {view: int(row[i]) for i, view in enumerate(views)}


def _scope(actor: Viewer) -> list[ColumnElement[bool]]:
    return [] if actor.is_staff else [Ticket.requester_id == actor.id]


def _conditions(actor: Viewer, wanted: QueueFilter, now: datetime) -> list[ColumnElement[bool]]:
    conditions = _scope(actor) + _view_conditions(actor, wanted.view, now)
    for column, value in (
        (Ticket.status, wanted.status),
        (Ticket.priority_rank, None if wanted.priority is None else PRIORITY_ORDER.index(wanted.priority)),
        (Ticket.service_id, wanted.service_id),
        (Ticket.team_id, wanted.team_id),
        (Ticket.assignee_id, wanted.assignee_id),
        (Ticket.requester_id, wanted.requester_id),
    ):
        if value is not None:
            conditions.append(column == value)
    return conditions


def _view_conditions(actor: Viewer, view: View, now: datetime) -> list[ColumnElement[bool]]:
    is_open = Ticket.is_open.is_(True)
    conditions: dict[View, list[ColumnElement[bool]]] = {
        View.open: [is_open],
        View.unassigned: [is_open, Ticket.assignee_id.is_(None)],
        View.mine: [is_open, Ticket.assignee_id == actor.id],
        View.due_today: [is_open, Ticket.due_key < end_of_day(now, actor.time_zone)],
        View.waiting_on_outage: [Ticket.waiting_on == Waiting.outage],
        View.done: [Ticket.is_open.is_(False)],
        View.all: [],
    }
    return conditions[view]


def _matching(
    query: AnySelect, actor: Viewer, wanted: QueueFilter
) -> tuple[AnySelect, ColumnElement[int] | None] | None:
    if actor.is_staff and wanted.requester_id is None:
        return join_matches(query, wanted.q, is_staff=True)
    condition = matches(wanted.q, actor.is_staff)
    return None if condition is None else (query.where(condition), None)


def _exists(actor: Viewer, number: int) -> bool:
    return db.session.scalar(select(Ticket.id).where(Ticket.number == number, *_scope(actor))) is not None


def _named(*conditions: ColumnElement[bool]) -> AnySelect:
    return (
        select(
            Ticket,
            Requester.name.label("requester_name"),
            Department.name.label("department_name"),
            Assignee.name.label("assignee_name"),
            Team.name.label("team_name"),
            Service.name.label("service_name"),
        )
        .select_from(Ticket)
        .outerjoin(Requester, Requester.id == Ticket.requester_id)
        .outerjoin(Department, Department.id == Requester.department_id)
        .outerjoin(Assignee, Assignee.id == Ticket.assignee_id)
        .outerjoin(Team, Team.id == Ticket.team_id)
        .outerjoin(Service, Service.id == Ticket.service_id)
        .where(*conditions)
    )


def _page(
    query: AnySelect, columns: Sequence[Any], descending: bool, now: datetime, after: Keys | None, limit: int
) -> TicketPage:
    if after is not None and len(after) == len(columns):
        mine, theirs = tuple_(*columns), tuple_(*after, types=[c.type for c in columns])
        query = query.where(mine < theirs if descending else mine > theirs)
    keys = [column.label(f"key{i}") for i, column in enumerate(columns)]
    query = query.add_columns(*keys).order_by(*(c.desc() if descending else c for c in columns)).limit(limit + 1)
    found = db.session.execute(query).all()
    rows = [_row(row, now) for row in found[:limit]]
    if len(found) <= limit:
        return TicketPage(rows, None)
    return TicketPage(rows, tuple(found[limit - 1][-len(keys) :]))


def _row(row: Any, now: datetime) -> TicketRow:
    return _row_of(row[0], row, now)


def _row_of(t: Ticket, names: Any, now: datetime) -> TicketRow:
    return TicketRow(
        id=t.id,
        number=t.number,
        subject=t.subject,
        status=t.status,
        waiting_on=t.waiting_on,
        priority=t.priority,
        channel=t.channel,
        requester_id=t.requester_id,
        requester_name=names.requester_name,
        department_name=names.department_name,
        assignee_id=t.assignee_id,
        assignee_name=names.assignee_name,
        team_id=t.team_id,
        team_name=names.team_name,
        service_id=t.service_id,
        service_name=names.service_name,
        created_at=t.created_at,
        updated_at=t.updated_at,
        due_at=t.due_at,
        is_paused=t.status is Status.pending and t.paused_seconds_left is not None,
        revision=t.revision,
        is_replied_since=is_replied_since(t.status, t.last_requester_message_at, t.last_reply_at, t.created_at),
        due_style=due_style(t.due_at, now),
    )
