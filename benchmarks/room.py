"""The page of an outage with few and with many linked tickets: what it costs must not depend on how many there are."""

from __future__ import annotations

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
from helpdesk.accounts.queries import viewers
from helpdesk.accounts.rules import Role
from helpdesk.core.database import db, transaction
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.rules import Channel, Priority, Status, Waiting
from plugins.outage_notice.announcements import actions
from plugins.outage_notice.announcements.rules import Draft
from plugins.outage_notice.audiences.rules import Target, TargetKind
from plugins.outage_notice.outages.models import TicketLink
from plugins.outage_notice.outages.rules import By, How

TARGET_PAGE = 1.5
FIRST_NUMBER = 2000
TIMES = 7  # of each page in a round
PAGES = {"outage's page": "/announcements/{id}", "all its tickets": "/announcements/{id}/tickets"}


def measure(options: Options) -> Report:
    report = Report("room")
    with ExitStack() as stack:
        servers = {}
        for size in options.links:
            desk = stack.enter_context(new_desk(people=200))
            announcement_id = fill(desk, size)
            server = desk.serve("--no-worker", counted=True, name=f"room{size}")
            stack.callback(server.kill)
            servers[size] = (server, desk.staff_cookie(), announcement_id)
        figures = take_turns(servers, PAGES, options.rounds)
    report.figures |= figures
    compare(report, figures, options.links, "linked tickets")
    return report


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
        requesters = list(db.session.scalars(select(User.id).where(User.role == Role.requester)))
        at = datetime.now(UTC)
        add_rows(Ticket, _tickets(count, requesters, at))
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
