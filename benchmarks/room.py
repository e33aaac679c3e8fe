"""The page of an outage with few and with many linked tickets: what it costs must not depend on how many there are."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text

from benchmarks.desk import Desk, Server, add_rows, new_desk
from benchmarks.machine import CannotMeasure, wait_for_quiet
from benchmarks.options import Options
from benchmarks.ratios import Report, median, median_ratio
from helpdesk.accounts.models import User
from helpdesk.accounts.queries import viewers
from helpdesk.accounts.rules import Role
from helpdesk.core.database import db, transaction
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.rules import Channel, Priority, Status, Waiting
from plugins.outage_notice.announcements import actions
from plugins.outage_notice.announcements.rules import Draft
from plugins.outage_notice.audiences.rules import Target, TargetKind
from plugins.outage_notice.outages.actions import link_tickets, unlink_tickets
from plugins.outage_notice.outages.models import TicketLink
from plugins.outage_notice.outages.rules import By, How

TARGET_PAGE = 1.5
FIRST_NUMBER = 2000
TIMES = 7  # of each page in a round
BULK = 50  # tickets that are linked at once
PAGES = {"outage's page": "/announcements/{id}", "all its tickets": "/announcements/{id}/tickets"}


def measure(options: Options) -> Report:
    report = Report("room")
    with ExitStack() as stack:
        servers, desks = {}, {}
        for size in options.links:
            desk = desks[size] = stack.enter_context(new_desk(people=200))
            announcement_id = fill(desk, size)
            server = desk.serve("--no-worker", counted=True, name=f"room{size}")
            stack.callback(server.kill)
            servers[size] = (server, desk.staff_cookie(), announcement_id)
        figures = take_turns(servers, PAGES, options.rounds)
        linking = _measure_linking(desks, {size: found[2] for size, found in servers.items()}, options.rounds)
    report.figures |= figures | {f"linking_{size}_ms": times for size, times in linking.items()}
    compare(report, figures, options.links, "linked tickets")
    small, large = (linking[size] for size in options.links)
    each = median(large) or 0.0
    report.add(
        f"linking a ticket by hand, {BULK} at once, beside {options.links[1]:,} / beside {options.links[0]:,}",
        median_ratio(large, small),
        TARGET_PAGE,
        detail=f"{each:.2f} ms / {median(small) or 0:.2f} ms each: "
        f"{options.links[1]:,} in {each * options.links[1] / 1000:.1f} s",
    )
    return report


def _measure_linking(desks: dict[int, Desk], ids: dict[int, int], rounds: int) -> dict[int, list[float | None]]:
    """Milliseconds for each ticket that is linked by hand, by turns; the first round is not counted."""
    times: dict[int, list[float | None]] = {size: [] for size in desks}
    for number in range(-1, rounds):
        wait_for_quiet(1)
        for size, desk in desks.items():
            found = _link_some(desk, ids[size])
            times[size] += [found] if number >= 0 else []
    return times


def _link_some(desk: Desk, announcement_id: int) -> float:
    """Link new tickets to the outage, and take them out again. Milliseconds for each that is linked."""
    with desk.app.app_context():
        author_id = db.session.scalars(select(User.id).where(User.role == Role.technician)).first() or 0
        author, requesters = viewers([author_id])[author_id], _requesters()
        first = (db.session.scalar(select(func.max(Ticket.number))) or FIRST_NUMBER) + 1
        rows = [row | {"number": first + n} for n, row in enumerate(_tickets(BULK, requesters, datetime.now(UTC)))]
        add_rows(Ticket, (row | {"status": Status.new, "waiting_on": None} for row in rows))
        numbers = [row["number"] for row in rows]
        began = time.perf_counter()
        results = link_tickets(author, announcement_id, numbers)
        lasted = time.perf_counter() - began
        if any(result.error for result in results):
            raise CannotMeasure(f"a ticket could not be linked: {results}")
        unlink_tickets(author, numbers)
        db.session.remove()
    return lasted / BULK * 1000


def _requesters() -> list[int]:
    return list(db.session.scalars(select(User.id).where(User.role == Role.requester)))


def take_turns(
    servers: dict[int, tuple[Server, str, int]], pages: dict[str, str], rounds: int
) -> dict[str, dict[int, dict[str, Any]]]:
    """Milliseconds and statements of each page on each server, by turns; the first round is not counted."""
    figures: dict[str, Any] = {name: {size: {"ms": []} for size in servers} for name in pages}
    for number in range(-1, rounds):
        for name, path in pages.items():
            wait_for_quiet(1)
            for size, (server, cookie, announcement_id) in servers.items():
                times, fewest = [], 10**9
                for _time in range(TIMES):
                    before, began = sum(server.counts()), time.perf_counter()
                    server.page(path.format(id=announcement_id), cookie)
                    times.append((time.perf_counter() - began) * 1000)
                    fewest = min(fewest, sum(server.counts()) - before)
                figure = figures[name][size]
                figure["ms"] += [median(times)] if number >= 0 else []
                figure["statements"] = min(fewest, figure.get("statements", fewest))
    return figures


def compare(report: Report, figures: dict[str, Any], sizes: tuple[int, int], what: str) -> None:
    """One line for each page: many next to few."""
    small, large = sizes
    for name, found in figures.items():
        times = {size: found[size]["ms"] for size in sizes}
        detail = f"{median(times[large]) or 0:.1f} ms / {median(times[small]) or 0:.1f} ms; "
        detail += f"{found[large]['statements']} / {found[small]['statements']} statements"
        line = f"{name} at {large:,} / at {small:,} {what}"
        report.add(line, median_ratio(times[large], times[small]), TARGET_PAGE, detail=detail)


def publish(desk: Desk) -> int:
    """An outage for everybody, by a technician. Its id. Needs the application context."""
    author_id = db.session.scalars(select(User.id).where(User.role == Role.technician)).first()
    author = viewers([author_id or 0])[author_id or 0]
    draft = Draft(
        title="VPN is down for everyone at home",
        audience=(Target(TargetKind.department, str(desk.root_id)),),
        next_update_at=datetime.now(UTC) + timedelta(hours=4),
    )
    made = actions.create_draft(author, draft)
    return actions.publish(author, made.id).id


def fill(desk: Desk, count: int) -> int:
    """An outage with so many tickets that wait for it; every hundredth needs a person. Its id."""
    with desk.app.app_context():
        announcement_id = publish(desk)
        at = datetime.now(UTC)
        add_rows(Ticket, _tickets(count, _requesters(), at))
        ids = db.session.scalars(select(Ticket.id).order_by(Ticket.id)).all()
        link = {"announcement_id": announcement_id, "how": How.rule, "by": By.service}
        add_rows(TicketLink, ({**link, "ticket_id": i, "linked_at": at, "caught_up_at": at} for i in ids))
        with transaction() as session:
            session.execute(text("ANALYZE"))
        db.session.remove()
    return announcement_id


def _tickets(count: int, requesters: list[int], at: datetime) -> Iterator[dict[str, Any]]:
    for n in range(count):
        needs_person = n % 100 == 1
        yield {
            "number": FIRST_NUMBER + n,
            "subject": f"No connection {n}",
            "requester_id": requesters[n % len(requesters)],
            "priority": Priority.normal,
            "channel": Channel.web,
            "status": Status.open if needs_person else Status.pending,
            "waiting_on": None if needs_person else Waiting.outage,
            "created_at": at,
            "updated_at": at,
            "last_requester_message_at": at,
            "revision": 1,
        }
