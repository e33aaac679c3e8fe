"""Opening a ticket, its automated reply queued, next to the insertion of one row by the same libraries."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from benchmarks.desk import new_desk
from benchmarks.machine import Process, free_port, python, wait_for_quiet
from benchmarks.options import Options
from benchmarks.ratios import Report, median, ratio

TARGET = 2.0
REQUESTS = 20  # of each kind in a round
TICKET = {"subject": "The printer is out of paper", "body": "On the second floor, beside the stairs. " * 8}


def measure(options: Options) -> Report:
    report = Report("opening")
    with new_desk(people=100) as desk:
        port = free_port()
        words = ("-m", "benchmarks.bare", "insert", str(port), str(desk.folder / "bare.sqlite3"))
        bare = Process(python(*words), port, desk.folder / "bare.log")
        server = desk.serve("--no-worker", counted=True)  # the reply stays queued: sending it is another one's work
        try:
            bare.wait_for()
            sent = json.dumps(TICKET)
            opened: list[dict[str, Any]] = []
            inserted: list[dict[str, Any]] = []
            for number in range(-1, options.rounds * 2):
                first = _series(server, lambda: server.ask("POST", "/api/v1/tickets", TICKET))
                second = _series(bare, lambda: bare.post("/", sent, b"201"))
                if number >= 0:
                    opened.append(first)
                    inserted.append(second)
            before = server.counts()
            server.ask("POST", "/api/v1/tickets", TICKET)
            after = server.counts()
        finally:
            server.kill()
            bare.kill()
    wall = [median(figure["ms"] for figure in figures) for figures in (opened, inserted)]
    cpu = [median(figure["cpu_ms"] for figure in figures) for figures in (opened, inserted)]
    statements = [after[i] - before[i] for i in range(2)]
    shown = f"{wall[0]:.1f} ms / {wall[1]:.1f} ms; {statements[0]} reads and {statements[1]} writes"
    report.figures = {"opened": opened, "inserted": inserted, "statements": statements}
    report.add("opening a ticket, reply queued / bare insert", ratio(wall[0], wall[1]), TARGET, detail=shown)
    report.add("the same, server CPU", ratio(cpu[0], cpu[1]), detail=f"{cpu[0]:.1f} ms / {cpu[1]:.1f} ms")
    return report


def _series(server: Process, go: Callable[[], object]) -> dict[str, float]:
    """The median time of one request and the mean CPU, in milliseconds."""
    wait_for_quiet(2)
    times: list[float] = []
    used = server.cpu_seconds()
    for _number in range(REQUESTS):
        began = time.perf_counter()
        go()
        times.append((time.perf_counter() - began) * 1000)
    used = server.cpu_seconds() - used
    return {"ms": median(times) or 0.0, "cpu_ms": used * 1000 / REQUESTS}
