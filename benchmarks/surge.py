"""Surges: what the check of a new ticket costs beside few and many old ones, and how it does on a replayed month."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any

from sqlalchemy import Engine, event, func, select

from benchmarks import arrivals
from benchmarks.desk import Desk, add_rows, new_desk
from benchmarks.options import Options
from benchmarks.ratios import Report, median, median_ratio
from helpdesk.accounts.models import User
from helpdesk.accounts.rules import Role
from helpdesk.catalog.models import Service
from helpdesk.core.database import db, transaction
from helpdesk.tickets.models import Message, Ticket, TicketCounter
from helpdesk.tickets.rules import Channel, MessageKind, Priority, Status
from plugins.outage_notice.outages.actions.surges import notice_ticket
from plugins.outage_notice.outages.models import Surge, SurgeHour, SurgeReport
from plugins.outage_notice.outages.rules import surges

TARGET_CHECK, SERVICES, CHECKS = 1.5, 20, 40
VOLUMES = (60, 300, 1200)  # tickets on an ordinary working day
RATES = (1.0, 2.0, 4.0, 8.0)  # people a minute who write about an outage
EACH = 10
WORST_MONTH = 2  # false alarms


def measure(options: Options) -> Report:
    report = Report("surge")
    _measure_months(report, VOLUMES[: 1 if options.rounds == 1 else 3])
    _measure_checks(report, options)
    return report


def _measure_months(report: Report, volumes: tuple[int, ...]) -> None:
    end = arrivals.START + arrivals.WARM_UP + arrivals.MONTH
    delays: dict[float, list[float]] = {rate: [] for rate in RATES}
    missed = 0
    for volume in volumes:
        ordinary = arrivals.ordinary(volume, volume, end)
        alarms = arrivals.replay(ordinary, ()).false_alarms
        report.figures[f"false_alarms_{volume}"] = [f"{a.at:%a %H:%M} {a.key} {a.counted}/{a.needed}" for a in alarms]
        what = f"false alarms in a month of {volume} tickets a day, without any outage"
        report.add(what, len(alarms), WORST_MONTH, unit="", detail=f"{len(ordinary)} tickets in twelve weeks")
        happened = arrivals.outages(volume + 1, RATES, EACH)
        outcome = arrivals.replay(arrivals.with_outages(ordinary, happened, volume + 2), happened)
        missed += len(outcome.missed)
        for outage in happened:
            if outage.number in outcome.delays:
                delays[outage.per_minute].append(outcome.delays[outage.number] / timedelta(minutes=1))
    report.add(f"outages of {len(RATES) * EACH * len(volumes)} that nobody was told of", missed, 0, unit="")
    for rate, found in delays.items():
        ordered = sorted(found)
        tail = f"90 % within {ordered[int(0.9 * (len(ordered) - 1))]:.1f}; eight people take {8 / rate:.1f} on average"
        report.add(
            f"minutes until the hint, {rate:g} people a minute", median(found), 8 / rate + 2, unit="", detail=tail
        )
        report.figures[f"delays_{rate:g}_min"] = [round(d, 2) for d in ordered]


def _measure_checks(report: Report, options: Options) -> None:
    """The action alone, on tickets that were opened before the clock ran."""
    small, large = options.tickets
    times: dict[int, list[float | None]] = {small: [], large: []}
    statements = dict.fromkeys(times, 0.0)
    with ExitStack() as stack:
        desks = {size: stack.enter_context(new_desk(people=500)) for size in times}
        for size, desk in desks.items():
            began = time.monotonic()
            fill(desk, size)
            report.figures[f"filling_{size}_s"] = time.monotonic() - began
        for number in range(-1, options.rounds):
            for size, desk in desks.items():
                found, count = _check_some(desk)
                times[size] += [found] if number >= 0 else []
                statements[size] = count
    shown = f"{median(times[large]) or 0:.2f} ms / {median(times[small]) or 0:.2f} ms"
    what = f"surge check of a new ticket at {large:,} / at {small:,} tickets of history"
    report.add(what, median_ratio(times[large], times[small]), TARGET_CHECK,
               detail=f"{shown}; {statements[large]:g} / {statements[small]:g} statements")  # fmt: skip
    more = statements[large] - statements[small]
    report.add("statements more for the check when there is more history", more, 0, unit="")
    report.figures |= {f"check_{size}_ms": found for size, found in times.items()}


def _check_some(desk: Desk) -> tuple[float, float]:
    """Median milliseconds and mean statements of a check: a burst on one service, which takes the longest way."""
    found, count = [], [0]

    def add(*_arguments: Any) -> None:
        count[0] += 1

    with desk.app.app_context():
        ids = _burst(CHECKS)
        event.listen(Engine, "before_cursor_execute", add)
        try:
            for ticket_id in ids:
                began = time.perf_counter()
                notice_ticket(ticket_id)
                found.append((time.perf_counter() - began) * 1000)
        finally:
            event.remove(Engine, "before_cursor_execute", add)
        with transaction() as session:
            session.query(Surge).delete()
            session.query(SurgeReport).filter(SurgeReport.ticket_id.in_(ids)).delete()
        db.session.remove()
    return median(found) or 0.0, count[0] / len(found)


def _burst(count: int) -> list[int]:
    """New tickets of different people about one service, now. Their ids."""
    now = datetime.now(UTC)
    with transaction() as session:
        service_id = session.scalar(select(func.min(Service.id)))
        people = session.scalars(select(User.id).where(User.role == Role.requester).limit(count)).all()
        counter = session.get_one(TicketCounter, 1)
        rows = []
        for requester_id in people:
            counter.last_number += 1
            rows.append(
                Ticket(
                    number=counter.last_number,
                    subject="Gateway not reachable",
                    service_id=service_id,
                    requester_id=requester_id,
                    created_at=now,
                    updated_at=now,
                )
            )
        session.add_all(rows)
        session.flush()
        session.add_all(
            Message(ticket_id=t.id, kind=MessageKind.public_reply, author_id=t.requester_id, body_text="Help.",
                    created_at=now)
            for t in rows
        )  # fmt: skip
        return [row.id for row in rows]


def fill(desk: Desk, count: int) -> None:
    """So many old tickets, and what counting them has left: an hour each for every service, back to nine weeks."""
    now = datetime.now(UTC)
    with desk.app.app_context():
        add_rows(Service, ({"slug": f"service-{n}", "name": f"Service {n}"} for n in range(SERVICES)))
        services = list(db.session.scalars(select(Service.id).order_by(Service.id)))
        people = list(db.session.scalars(select(User.id).where(User.role == Role.requester)))
        db.session.rollback()
        step = surges.COUNTS_KEPT / count
        add_rows(Ticket, _tickets(count, services, people, now - surges.COUNTS_KEPT, step))
        hours = min(count, int(surges.COUNTS_KEPT / surges.HOUR))
        keys = [surges.ALL, *map(surges.service_key, services)]
        each = max(1, round(count / hours / SERVICES))
        add_rows(SurgeHour, (
            {"key": key, "hour": surges.hour_of(now) - n * surges.HOUR, "tickets": min(each, 6), "peak": 1}
            for n in range(1, hours + 1) for key in keys
        ))  # fmt: skip
        with transaction() as session:
            session.get_one(TicketCounter, 1).last_number = count
            session.execute(select(func.count()).select_from(Ticket))
        db.session.remove()


def _tickets(
    count: int, services: list[int], people: list[int], first: datetime, step: timedelta
) -> Iterator[dict[str, Any]]:
    for n, service_id, requester_id in zip(range(count), cycle(services), cycle(people), strict=False):
        at = first + n * step
        yield {
            "number": n + 1,
            "subject": f"Question about matter {n}",
            "service_id": service_id,
            "priority": Priority.normal,
            "status": Status.closed,
            "requester_id": requester_id,
            "channel": Channel.web,
            "created_at": at,
            "updated_at": at,
            "closed_at": at,
        }
