"""What boards, ticks and pages cost as people, past announcements and tickets become more: the curves, drawn."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from benchmarks import boards, tickets
from benchmarks.desk import new_desk
from benchmarks.options import Options
from benchmarks.ratios import Plot, Report, median, ratio

STEPS = 4  # sizes of a curve, from the small to the large one
FEW_PEOPLE = 250  # where something else grows


def measure(options: Options) -> Report:
    """One curve for each task and dimension. The same sizes next to each other, with targets: `boards`, `tickets`."""
    report = Report("growth")
    rounds = max(1, options.rounds // 2)
    for name, sizes, curves in (
        ("people", options.people, _with_people),
        ("past announcements", options.past, _with_announcements),
        ("tickets", options.tickets, _with_tickets),
    ):
        figures = report.figures[name] = curves(_sizes(*sizes), rounds)
        series = {
            task: [(size, median(times) or 0.0) for size, times in sorted(by.items())] for task, by in figures.items()
        }
        file = f"growth-{name.replace(' ', '-')}"
        report.plots.append(Plot(file, name, "ms", series))
        for task, points in series.items():
            (small, first), (large, last) = points[0], points[-1]
            report.add(
                f"{task}: {large:,} / {small:,} {name}", ratio(last, first), detail=f"{last:.2f} ms / {first:.2f} ms"
            )
    return report


def _sizes(small: int, large: int) -> tuple[int, ...]:
    """Evenly spaced by their logarithm, ends included."""
    factor = (large / small) ** (1 / (STEPS - 1))
    return (*(round(small * factor**step) for step in range(STEPS - 1)), large)


def _with_people(sizes: tuple[int, ...], rounds: int) -> dict[str, dict[int, list[float]]]:
    with ExitStack() as stack:
        desks = {size: stack.enter_context(new_desk(people=size)) for size in sizes}
        return _in_process(desks, past=10, rounds=rounds)


def _with_announcements(sizes: tuple[int, ...], rounds: int) -> dict[str, dict[int, list[float]]]:
    with ExitStack() as stack:
        desks = {size: stack.enter_context(new_desk(people=FEW_PEOPLE)) for size in sizes}
        return _in_process(desks, past=None, rounds=rounds)


def _in_process(desks: dict[int, Any], past: int | None, rounds: int) -> dict[str, dict[int, list[float]]]:
    """`past` announcements in each desk, or as many as its size says."""
    for size, desk in desks.items():
        boards.publish_live(desk)
        boards.fill(desk, size if past is None else past)
    tasks = {name: {size: make(desk) for size, desk in desks.items()} for name, make in boards.TASKS.items()}
    return _milliseconds(boards.take_turns(desks, tasks, rounds))


def _with_tickets(sizes: tuple[int, ...], rounds: int) -> dict[str, dict[int, list[float]]]:
    with ExitStack() as stack:
        servers = {}
        for size in sizes:
            desk = stack.enter_context(new_desk(people=200))
            number = tickets.fill(desk, size)
            server = desk.serve("--no-worker", counted=True, name=f"server{size}")
            stack.callback(server.kill)
            servers[size] = (server, desk.staff_cookie(), number)
        return _milliseconds(tickets.take_turns(servers, rounds))


def _milliseconds(figures: dict[str, Any]) -> dict[str, dict[int, list[float]]]:
    return {task: {size: one["ms"] for size, one in by.items()} for task, by in figures.items()}
