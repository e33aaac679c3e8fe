"""Lists, search and threads: who sees what, in which order, at what cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db, is_postgresql
from helpdesk.hooks.specs import Viewer
from helpdesk.tickets import actions, queries
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.queries import list_own, list_queue
from helpdesk.tickets.queries.search import fold
from helpdesk.tickets.rules import (
    Change,
    MessageKind,
    NewMessage,
    NewTicket,
    Priority,
    QueueFilter,
    Sort,
    Status,
    View,
    Waiting,
)
from tests.tickets.conftest import World

pytestmark = [pytest.mark.usefixtures("context"), pytest.mark.both_databases]


def opened(actor: Viewer, subject: str, **values: Any) -> Ticket:
    return actions.open_ticket(actor, NewTicket(subject, values.pop("body", "text"), **values))


def walk(actor: Viewer, wanted: QueueFilter, clock: FixedClock, limit: int) -> list[int]:
    """All numbers of a list, page by page."""
    numbers: list[int] = []
    after = None
    while True:
        page = list_queue(actor, wanted, clock.now(), after, limit)
        numbers += [row.number for row in page.rows]
        after = page.next_keys
        if after is None:
            return numbers


@pytest.mark.parametrize("sort", list(Sort))
def test_pages_hold_every_ticket_once_also_with_equal_keys(world: World, clock: FixedClock, sort: Sort) -> None:
    made = [opened(world.ana, f"Same moment {i}").number for i in range(7)]
    for number in made[:3]:
        actions.set_status(world.carla, number, Status.pending)
    assert sorted(walk(world.carla, QueueFilter(sort=sort), clock, 2)) == made


def test_the_orders_are_what_they_say(world: World, clock: FixedClock) -> None:
    late = opened(world.ana, "late")
    clock.advance(hours=1)
    opened(world.carla, "urgent", priority=Priority.urgent)
    clock.advance(hours=1)
    paused = opened(world.ana, "paused")
    actions.set_status(world.carla, paused.number, Status.pending)
    clock.advance(hours=1)
    actions.add_message(world.ana, late.number, NewMessage("more"))

    def order(sort: Sort) -> list[str]:
        return [r.subject for r in list_queue(world.carla, QueueFilter(sort=sort), clock.now()).rows]

    assert order(Sort.due) == ["urgent", "late", "paused"]
    assert order(Sort.newest) == ["paused", "urgent", "late"]
    assert order(Sort.oldest) == ["late", "urgent", "paused"]
    assert order(Sort.updated) == ["late", "paused", "urgent"]
    assert order(Sort.priority) == ["urgent", "late", "paused"]


def test_the_views_hold_what_they_name_and_the_counters_agree(world: World, clock: FixedClock) -> None:
    names = ("free", "mine", "theirs", "outage", "solved", "today")
    made = {name: opened(world.ana, name) for name in names}
    actions.take(world.carla, made["mine"].number)
    actions.assign(world.carla, made["theirs"].number, world.teresa.id)
    actions.set_status(world.carla, made["outage"].number, Status.pending, Waiting.outage)
    actions.set_status(world.carla, made["solved"].number, Status.solved)
    actions.change_ticket(world.carla, made["today"].number, Change(priority=Priority.urgent))
    expected = {
        View.open: {"free", "mine", "theirs", "outage", "today"},
        View.unassigned: {"free", "outage", "today"},
        View.mine: {"mine"},
        View.due_today: {"today"},
        View.waiting_on_outage: {"outage"},
        View.done: {"solved"},
        View.all: set(names),
    }
    for view, subjects in expected.items():
        page = list_queue(world.carla, QueueFilter(view=view), clock.now())
        assert {r.subject for r in page.rows} == subjects, view
    counts = queries.count_views(world.carla, clock.now())
    assert counts == {view: len(subjects) for view, subjects in expected.items()}


def test_filters_hold_together(world: World, clock: FixedClock) -> None:
    one = opened(world.ana, "one", service_id=world.vpn)
    opened(world.ana, "two", service_id=world.mail)
    opened(world.bruno, "three", service_id=world.vpn)
    actions.change_ticket(world.carla, one.number, Change(team_id=world.first_line, assignee_id=world.carla.id))

    def found(**values: Any) -> set[str]:
        return {r.subject for r in list_queue(world.carla, QueueFilter(**values), clock.now()).rows}

    assert found(service_id=world.vpn) == {"one", "three"}
    assert found(service_id=world.vpn, requester_id=world.ana.id) == {"one"}
    assert found(team_id=world.first_line) == {"one"}
    assert found(assignee_id=world.carla.id) == {"one"}
    assert found(status=Status.new, priority=Priority.normal) == {"one", "two", "three"}
    assert found(priority=Priority.low) == set()


def test_rows_carry_names(world: World, clock: FixedClock) -> None:
    opened(world.ana, "one", service_id=world.vpn)
    row = list_queue(world.carla, QueueFilter(), clock.now()).rows[0]
    assert (row.requester_name, row.department_name, row.service_name) == ("Ana Prieto", "Finance", "VPN")
    assert (row.assignee_name, row.team_name) == (None, None)


def test_requesters_get_their_own_whatever_they_ask_for(world: World, clock: FixedClock) -> None:
    opened(world.ana, "mine")
    foreign = opened(world.bruno, "foreign secret")
    for wanted in (
        QueueFilter(view=View.all),
        QueueFilter(view=View.unassigned),
        QueueFilter(view=View.all, requester_id=world.bruno.id),
        QueueFilter(view=View.all, q="secret"),
        QueueFilter(view=View.all, q=f"#{foreign.number}"),
        QueueFilter(view=View.all, q=str(foreign.number)),
    ):
        rows = list_queue(world.ana, wanted, clock.now()).rows
        assert {r.subject for r in rows} <= {"mine"}, wanted
    assert [r.subject for r in list_own(world.ana, clock.now()).rows] == ["mine"]
    assert queries.count_views(world.ana, clock.now())[View.all] == 1


def test_search_finds_words_without_case_and_accents(world: World, clock: FixedClock) -> None:
    one = opened(world.ana, "La impresión no funciona", body="Übergang zum Drucker im 2. Stock")
    opened(world.bruno, "Something else")

    def found(q: str, actor: Viewer = world.carla) -> list[int]:
        return [r.number for r in list_queue(actor, QueueFilter(view=View.all, q=q), clock.now()).rows]

    for q in ("impresion", "IMPRESIÓN funciona", "ubergang", "Übergang", "drucker stock", "impres*", "ana prieto"):
        assert found(q) == [one.number], q
    for q in ("impres", "impresion else", "xyz", "!!!", '"', "* OR *", "' OR 1=1 --", "NEAR(", "a:b", "\\", "%"):
        assert found(q) == [], q
    assert found("impresion", world.ana) == [one.number]
    assert found("prieto", world.ana) == []  # the name is in the staff document only


def test_search_by_number(world: World, clock: FixedClock) -> None:
    one = opened(world.ana, "one")
    other = opened(world.ana, "Error 4711 in the ledger")
    for q in (f"#{one.number}", str(one.number), f" #{one.number} "):
        assert [r.number for r in list_queue(world.carla, QueueFilter(q=q), clock.now()).rows] == [one.number]
    assert [r.number for r in list_queue(world.carla, QueueFilter(q="4711"), clock.now()).rows] == [other.number]
    assert list_queue(world.carla, QueueFilter(q="#4711"), clock.now()).rows == []


def test_words_of_notes_are_found_by_staff_only(world: World, clock: FixedClock) -> None:
    ticket = opened(world.ana, "VPN")
    actions.add_message(world.carla, ticket.number, NewMessage("contoso vendor", MessageKind.internal_note))
    actions.add_message(world.carla, ticket.number, NewMessage("gateway replaced"))
    for q, staff, requester in (("contoso", 1, 0), ("vpn contoso", 1, 0), ("gateway", 1, 1), ("vpn gateway", 1, 1)):
        wanted = QueueFilter(view=View.all, q=q)
        assert len(list_queue(world.carla, wanted, clock.now()).rows) == staff, q
        assert len(list_queue(world.ana, wanted, clock.now()).rows) == requester, q
        own = QueueFilter(view=View.all, q=q, requester_id=world.ana.id)
        assert len(list_queue(world.carla, own, clock.now()).rows) == staff, q


def test_search_pages_newest_first(world: World, clock: FixedClock) -> None:
    made = [opened(world.ana, f"printer {i}").number for i in range(5)]
    assert walk(world.carla, QueueFilter(view=View.all, q="printer"), clock, 2) == made[::-1]


def test_a_long_thread_is_written_on_when_the_index_is_full(world: World, clock: FixedClock) -> None:
    ticket = opened(world.ana, "long")
    size = "pg_column_size(staff_doc)" if is_postgresql() else "length(public_doc)"
    body = " ".join(f"word{i}" for i in range(1900))
    for part in range(20):
        actions.add_message(world.ana, ticket.number, NewMessage(body.replace("word", f"w{part}x")))
    assert db.session.scalar(text(f"SELECT {size} FROM ticket_search")) < 300_000


def test_folding() -> None:
    assert fold("Écran №5 — “Größe”, naïve_user@x.org") == "ecran no5 grosse naive user x org"


def test_notes_reach_no_requester_by_any_read(world: World, clock: FixedClock) -> None:
    ticket = opened(world.ana, "VPN")
    note = NewMessage("SECRET", MessageKind.internal_note, uploads=(("secret.txt", b"SECRET"),))
    actions.add_message(world.carla, ticket.number, note)
    actions.add_message(world.carla, ticket.number, NewMessage("public"))
    seen = queries.thread(ticket, world.ana)
    assert [m.body_text for m in seen.messages] == ["text", "public"]
    assert [m.body_text for m in queries.thread(ticket, world.carla).messages] == ["text", "SECRET", "public"]
    assert queries.list_files(ticket, world.ana) == []
    assert len(queries.list_files(ticket, world.carla)) == 1
    assert queries.newest_words([ticket.id])[ticket.id].body_text == "public"
    everything = repr((seen, queries.history(ticket, world.ana), queries.newest_words([ticket.id])))
    assert "SECRET" not in everything


def test_the_history_of_requesters_leaves_out_who_works_on_it(world: World, clock: FixedClock) -> None:
    ticket = opened(world.ana, "VPN")
    change = Change(assignee_id=world.teresa.id, priority=Priority.low, status=Status.open)
    actions.change_ticket(world.carla, ticket.number, change)
    assert {c.field for c in queries.history(ticket, world.ana)} == {"opened", "status"}
    assert {c.field for c in queries.history(ticket, world.carla)} == {"opened", "status", "assignee_id", "priority"}


def test_a_thread_is_read_in_pages(world: World, clock: FixedClock) -> None:
    ticket = opened(world.ana, "VPN", body="0")
    for i in range(1, 6):
        actions.add_message(world.ana, ticket.number, NewMessage(str(i)))
    newest = queries.thread(ticket, world.ana, limit=4)
    assert ([m.body_text for m in newest.messages], newest.has_earlier) == (["2", "3", "4", "5"], True)
    older = queries.thread(ticket, world.ana, before=newest.messages[0].id, limit=4)
    assert ([m.body_text for m in older.messages], older.has_earlier) == (["0", "1"], False)
    newer = queries.thread(ticket, world.ana, after=newest.messages[-2].id)
    assert [m.body_text for m in newer.messages] == ["5"]


def test_a_page_costs_the_same_for_5_and_50_rows(
    world: World, clock: FixedClock, count_queries: Callable[[], Any]
) -> None:
    def cost(wanted: QueueFilter) -> int:
        with count_queries() as statements:
            assert list_queue(world.carla, wanted, clock.now(), limit=60).rows
        return len([s for s in statements if s.startswith("SELECT")])

    wanted = [QueueFilter(), QueueFilter(view=View.all, q="ticket")]
    for i in range(5):
        opened(world.ana, f"ticket {i}")
    few = [cost(w) for w in wanted]
    for i in range(45):
        opened(world.bruno, f"ticket {i}", service_id=world.vpn)
    assert [cost(w) for w in wanted] == few == [1, 1]
