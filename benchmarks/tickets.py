"""Pages of staff among few and many tickets: what they cost must not depend on how many there are."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, text

from benchmarks.desk import Desk, Server, add_rows, new_desk
from benchmarks.machine import wait_for_quiet
from benchmarks.options import Options
from benchmarks.ratios import Report, median, median_ratio
from helpdesk.accounts.models import User
from helpdesk.accounts.rules import Role
from helpdesk.catalog.models import Service
from helpdesk.core.database import db, transaction
from helpdesk.tickets.models import Message, Ticket, TicketCounter
from helpdesk.tickets.queries.search import fold
from helpdesk.tickets.rules import Channel, MessageKind, Priority, Status

TARGET_PAGE, TARGET_RARE, TARGET_COMMON = 1.5, 3.0, 5.0
FIRST_NUMBER, SERVICES, VOCABULARY = 2000, 12, 3000
RARE, COMMON = "zanzibar", "printer"  # in one ticket of a thousand at most, and in every fourth
OPEN_SHARE = 10  # one ticket in so many is not done
TIMES = 7  # of each page in a round
PAGES = {
    "queue page": ("/tickets", TARGET_PAGE),
    "filtered queue": ("/tickets?view=open&status=open&priority=high", TARGET_PAGE),
    "one service's queue": ("/tickets?view=all&service_id=3", TARGET_PAGE),
    "ticket page": ("/tickets/{number}", TARGET_PAGE),
    "search, rare word": (f"/tickets?view=all&q={RARE}", TARGET_RARE),
    "search, common word": (f"/tickets?view=all&q={COMMON}", TARGET_COMMON),
}


def measure(options: Options) -> Report:
    report = Report("tickets")
    small, large = options.tickets
    with ExitStack() as stack:
        servers = {}
        for size in (small, large):
            desk = stack.enter_context(new_desk(people=200))
            began = time.monotonic()
            number = fill(desk, size)
            report.figures[f"filling_{size}_s"] = time.monotonic() - began
            server = desk.serve("--no-worker", counted=True, name=f"server{size}")
            stack.callback(server.kill)
            servers[size] = (server, desk.staff_cookie(), number)
        figures = take_turns(servers, options.rounds)
    report.figures |= figures
    for name, (_path, target) in PAGES.items():
        times = {size: figures[name][size]["ms"] for size in (small, large)}
        reads = {size: figures[name][size]["statements"] for size in (small, large)}
        shown = f"{median(times[large]) or 0:.1f} ms / {median(times[small]) or 0:.1f} ms"
        what = f"{name} at {large:,} / at {small:,} tickets"
        report.add(what, median_ratio(times[large], times[small]), target,
                   detail=f"{shown}; {reads[large]} / {reads[small]} statements")  # fmt: skip
    more = sum(figures[name][large]["statements"] > figures[name][small]["statements"] for name in PAGES)
    report.add("pages that need more statements when there are more tickets", more, 0, unit="")
    return report


def take_turns(servers: dict[int, tuple[Server, str, int]], rounds: int) -> dict[str, Any]:
    figures: dict[str, Any] = {name: {size: {"ms": [], "bytes": 0} for size in servers} for name in PAGES}
    for number in range(-1, rounds):
        for name, (path, _target) in PAGES.items():
            wait_for_quiet(1)
            for size, (server, cookie, ticket) in servers.items():
                times, fewest = [], 10**9
                for _time in range(TIMES):
                    before, began = sum(server.counts()), time.perf_counter()
                    body = server.page(path.format(number=ticket), cookie)
                    times.append((time.perf_counter() - began) * 1000)
                    fewest = min(fewest, sum(server.counts()) - before)  # the feed is read now and then as well
                figure = figures[name][size]
                figure["ms"] += [median(times)] if number >= 0 else []
                figure["statements"] = min(fewest, figure.get("statements", fewest))
                figure["bytes"] = len(body)
    return figures


def fill(desk: Desk, count: int) -> int:
    """Write so many tickets with two messages each and the text index. The number of one in the middle with ten."""
    chance = random.Random(count)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(4, 9))) for _ in range(VOCABULARY)]
    with desk.app.app_context():
        add_rows(Service, ({"slug": f"service-{n}", "name": f"Service {n}"} for n in range(SERVICES)))
        services = list(db.session.scalars(select(Service.id)))
        requesters = list(db.session.scalars(select(User.id).where(User.role == Role.requester)))
        staff = list(db.session.scalars(select(User.id).where(User.role == Role.technician)))
        add_rows(Ticket, _tickets(count, services, requesters, staff))
        add_rows(Message, _messages(count, requesters, staff, words))
        _index(count, words)
        with transaction() as session:
            session.get_one(TicketCounter, 1).last_number = FIRST_NUMBER + count
            session.execute(text("ANALYZE"))
        db.session.remove()
    return FIRST_NUMBER + count // 2


def _subject(n: int) -> str:
    marks = [COMMON] if n % 4 == 0 else []
    if n % 1009 == 5:
        marks.append(RARE)
    return " ".join(["Question about", *marks, f"matter {n}"])


def _body(n: int, words: list[str]) -> str:
    return " ".join(random.Random(n).choices(words, k=40))


def _tickets(count: int, services: list[int], requesters: list[int], staff: list[int]) -> Iterator[dict[str, Any]]:
    now = datetime.now(UTC)
    priorities, live = list(Priority), (Status.new, Status.open, Status.pending)
    for n in range(count):
        at = now - timedelta(minutes=count - n)
        is_open = n % OPEN_SHARE == 0
        yield {
            "number": FIRST_NUMBER + n,
            "subject": _subject(n),
            "service_id": services[n % len(services)],
            "priority": priorities[n // 7 % len(priorities)],
            "status": live[n // OPEN_SHARE % len(live)] if is_open else Status.closed,
            "requester_id": requesters[n % len(requesters)],
            "assignee_id": None if n % 30 == 0 else staff[n % len(staff)],
            "channel": Channel.web,
            "created_at": at,
            "updated_at": at,
            "due_at": at + timedelta(hours=24) if is_open else None,
            "closed_at": None if is_open else at,
        }


def _messages(count: int, requesters: list[int], staff: list[int], words: list[str]) -> Iterator[dict[str, Any]]:
    now = datetime.now(UTC)
    for n in range(count):
        for part in range(10 if n == count // 2 else 2):
            yield {
                "ticket_id": n + 1,
                "kind": MessageKind.public_reply,
                "author_id": staff[n % len(staff)] if part % 2 else requesters[n % len(requesters)],
                "body_text": _body(n + part, words),
                "created_at": now - timedelta(minutes=count - n),
            }


def _index(count: int, words: list[str]) -> None:
    statement = text("INSERT INTO ticket_search (rowid, public_doc, staff_doc) VALUES (:id, :words, '')")
    for start in range(0, count, 5000):
        rows = [
            {"id": n + 1, "words": fold(f"{_subject(n)} {_body(n, words)} {_body(n + 1, words)}")}
            for n in range(start, min(count, start + 5000))
        ]
        with transaction() as session:
            session.execute(statement, rows)
