"""What old announcements and many people cost: boards, ticks and forecasts among few and many of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import event, func, select, text

from benchmarks.desk import EVERYONE, Desk, add_rows, new_desk
from benchmarks.machine import wait_for_quiet
from benchmarks.options import Options
from benchmarks.ratios import Report, median, median_ratio, ratio
from helpdesk.accounts.models import User
from helpdesk.accounts.queries import viewers
from helpdesk.accounts.rules import Role
from helpdesk.core import clock, feed
from helpdesk.core.database import db, transaction
from helpdesk.scheduling.ticker import Ticker
from plugins.outage_notice.announcements.actions import fire_due_steps
from plugins.outage_notice.announcements.models import Announcement, AudienceTarget, Step, TimelineEntry, Update
from plugins.outage_notice.announcements.rules import Kind, Status, StepKind, StepState, Weight
from plugins.outage_notice.audiences.queries import forecast
from plugins.outage_notice.audiences.rules import Target, TargetKind
from plugins.outage_notice.banners.models import Receipt
from plugins.outage_notice.banners.queries.boards import EXTENSION, boards

TARGET, TARGET_FORECAST = 1.2, 10.0
LIVE = 3  # announcements that everybody has on the board
MANY_BOARDS = 200
TIMES = 9  # of each task in a round


def measure(options: Options) -> Report:
    report = Report("boards")
    with ExitStack() as stack:
        desks = {}
        for past, people in zip(options.past, options.people, strict=True):
            desk = desks[past] = stack.enter_context(new_desk(people=people))
            publish_live(desk)
            fill(desk, past)
        tasks = {name: {past: make(desk) for past, desk in desks.items()} for name, make in TASKS.items()}
        figures = take_turns(desks, tasks, options.rounds)
        report.figures = figures
        few, many = options.past
        sizes = f"{many:,} / {few:,} past, {options.people[1]:,} / {options.people[0]:,} people"
        for name in TASKS:
            times = {past: figures[name][past]["ms"] for past in desks}
            reads = [figures[name][past]["statements"] for past in (many, few)]
            shown = " / ".join(f"{median(times[past]) or 0:.2f} ms" for past in (many, few))
            shown += f"; {reads[0]:g} / {reads[1]:g} statements"
            report.add(f"{name}: {sizes}", median_ratio(times[many], times[few]), TARGET, detail=shown)
        _judge_forecast(report, desks[many], options.people[1])
    return report


def take_turns(
    desks: dict[int, Desk], tasks: dict[str, dict[int, Callable[[], object]]], rounds: int
) -> dict[str, Any]:
    figures: dict[str, Any] = {name: {past: {"ms": []} for past in desks} for name in tasks}
    for number in range(-1, rounds * 2):
        for name, task in tasks.items():
            wait_for_quiet(1)
            for past, desk in desks.items():
                with desk.app.app_context():
                    statements = _statements(desk)
                    times = [_milliseconds(task[past]) for _ in range(TIMES)]
                    figure = figures[name][past]
                    figure["statements"] = statements.stop() / TIMES
                    db.session.remove()
                figure["ms"] += [median(times)] if number >= 0 else []
    return figures


class _statements:
    """Counts the statements of one desk until `stop`."""

    def __init__(self, desk: Desk) -> None:
        self._engine, self.count = db.engine, 0
        event.listen(self._engine, "before_cursor_execute", self._note)

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        self.count += not statement.startswith(("BEGIN", "PRAGMA"))

    def stop(self) -> int:
        event.remove(self._engine, "before_cursor_execute", self._note)
        return self.count


def _milliseconds(task: Callable[[], object]) -> float:
    began = time.perf_counter()
    task()
    return (time.perf_counter() - began) * 1000


# --- what is timed -----------------------------------------------------------------------------------------------


def _first_boards(desk: Desk) -> Callable[[], object]:
    """The boards of some people in a process that knows nothing yet."""
    ids = _some_people(desk)

    def task() -> None:
        desk.app.extensions.pop(EXTENSION, None)
        boards(ids, clock.now())

    return task


def _boards_after_change(desk: Desk) -> Callable[[], object]:
    """The same after an announcement changed."""
    ids = _some_people(desk)

    def task() -> None:
        with transaction():
            feed.record("announcement", 1)
        boards(ids, clock.now())

    return task


def _one_board(desk: Desk) -> Callable[[], object]:
    """One person's board when nothing changed, as each page asks for it."""
    user_id = _some_people(desk)[0]
    return lambda: boards([user_id], clock.now())


def _steps(_desk: Desk) -> Callable[[], object]:
    """Asking for steps that are due, when none is: once a second in each process."""
    return lambda: fire_due_steps(clock.now())


def _tick(desk: Desk) -> Callable[[], object]:
    """A whole tick: every job is asked."""
    return lambda: Ticker(desk.app).tick()


TASKS: dict[str, Callable[[Desk], Callable[[], object]]] = {
    f"first boards of {MANY_BOARDS} people": _first_boards,
    f"{MANY_BOARDS} boards after a change": _boards_after_change,
    "one person's board": _one_board,
    "tick, the step job": _steps,
    "tick, all jobs": _tick,
}


def _some_people(desk: Desk) -> list[int]:
    with desk.app.app_context():
        query = select(User.id).where(User.role == Role.requester).order_by(User.id).limit(MANY_BOARDS)
        return list(db.session.scalars(query))


def _judge_forecast(report: Report, desk: Desk, people: int) -> None:
    """The forecast of everybody against counting the same rows."""
    with desk.app.app_context():
        technician = db.session.scalars(select(User.id).where(User.role == Role.technician)).first()
        assert technician is not None
        actor = viewers([technician])[technician]
        count = select(func.count()).select_from(User).where(User.disabled_at.is_(None))
        whole, bare = [], []
        for _round in range(7):
            whole.append(_milliseconds(lambda: forecast(actor, [Target(TargetKind.everyone)])))
            bare.append(_milliseconds(lambda: db.session.scalar(count)))
        db.session.remove()
    report.figures["forecast"] = {"forecast_ms": whole, "count_ms": bare, "people": people}
    shown = f"{median(whole) or 0:.1f} ms / {median(bare) or 0:.1f} ms"
    what = f"forecast of everybody among {people:,} people / counting them"
    report.add(what, ratio(median(whole), median(bare)), TARGET_FORECAST, detail=shown)


# --- rows --------------------------------------------------------------------------------------------------------


def publish_live(desk: Desk) -> None:
    server = desk.serve()
    try:
        for number in range(LIVE):
            server.publish(server.draft(f"Live {number}", EVERYONE))
    finally:
        server.kill()


def fill(desk: Desk, past: int) -> None:
    """Write so many announcements that are over, each with audience, updates, steps, timeline and receipts."""
    with desk.app.app_context():
        first = (db.session.scalar(select(func.max(Announcement.id))) or 0) + 1
        reader = db.session.scalar(select(func.min(User.id)).where(User.role == Role.requester))
        ids = range(first, first + past)
        now = datetime.now(UTC)
        add_rows(Announcement, (_announcement(i, now - timedelta(minutes=i)) for i in ids))
        add_rows(AudienceTarget, ({"announcement_id": i, "kind": TargetKind.everyone, "ref": ""} for i in ids))
        add_rows(Update, (_update(i, now) for i in ids for _ in range(2)))
        add_rows(Step, _steps_of(ids, now))
        add_rows(TimelineEntry, ({"announcement_id": i, "at": now, "kind": "published"} for i in ids))
        add_rows(Receipt, ({"announcement_id": i, "user_id": reader, "read_at": now, "read_version": 1} for i in ids))
        with transaction() as session:
            session.execute(text("ANALYZE"))
        db.session.remove()


def _announcement(number: int, at: datetime) -> dict[str, Any]:
    return {
        "id": number,
        "kind": Kind.incident,
        "severity": 2 + number % 3,
        "title": f"Old outage {number}",
        "description": "It was over soon. " * 10,
        "status": Status.resolved,
        "published_at": at,
        "starts_at": at,
        "actual_start_at": at,
        "actual_end_at": at + timedelta(minutes=1),
        "closed_at": at + timedelta(minutes=1),
        "created_at": at,
        "updated_at": at,
    }


def _update(number: int, at: datetime) -> dict[str, Any]:
    return {
        "announcement_id": number,
        "at": at,
        "is_public": True,
        "weight": Weight.update,
        "text": "We know more now. " * 5,
        "revision": 2,
    }


def _steps_of(ids: range, now: datetime) -> Iterator[dict[str, Any]]:
    for i in ids:
        for kind in (StepKind.show, StepKind.end):
            at = now - timedelta(days=1)
            yield {"announcement_id": i, "kind": kind, "due_at": at, "state": StepState.fired, "fired_at": at}
