"""Opening a ticket, its automated reply queued, next to the insertion of one row by the same libraries.

Both are asked by somebody with a session and a CSRF value, which both check.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from itsdangerous import URLSafeTimedSerializer

from benchmarks.bare import BARE_CSRF, BARE_SECRET
from benchmarks.desk import new_desk
from benchmarks.machine import Process, free_port, python, wait_for_quiet
from benchmarks.options import Options
from benchmarks.ratios import Report, median, median_ratio

TARGET = 2.0
REQUESTS = 20  # of each kind in a round
TICKET = {"subject": "The printer is out of paper", "body": "On the second floor, beside the stairs. " * 8}


def measure(options: Options) -> Report:
    report = Report("opening")
    with new_desk(people=100) as desk:
        port = free_port()
        path = desk.folder / "bare.sqlite3"
        bare = Process(python("-m", "benchmarks.bare", "insert", str(port), str(path)), port, desk.folder / "bare.log")
        server = desk.serve("--no-worker", counted=True)  # the reply stays queued: sending it is another one's work
        try:
            bare.wait_for()
            open_ticket = _browser(server.port, "/api/v1/tickets", desk.staff_cookies(), desk.csrf_value())
            value = URLSafeTimedSerializer(BARE_SECRET, salt="wtf-csrf-token").dumps(BARE_CSRF)
            insert = _browser(port, "/", [Path(f"{path}.cookie").read_text()], value)
            opened: list[dict[str, Any]] = []
            inserted: list[dict[str, Any]] = []
            for number in range(-1, options.rounds * 2):
                first, second = _series(server, open_ticket), _series(bare, insert)
                if number >= 0:
                    opened.append(first)
                    inserted.append(second)
            before = server.counts()
            open_ticket()
            after = server.counts()
        finally:
            server.kill()
            bare.kill()
    wall = [median(figure["ms"] for figure in figures) for figures in (opened, inserted)]
    cpu = [median(figure["cpu_ms"] for figure in figures) for figures in (opened, inserted)]
    statements = [after[i] - before[i] for i in range(2)]
    shown = f"{wall[0]:.1f} ms / {wall[1]:.1f} ms; {statements[0]} reads and {statements[1]} writes"
    report.figures = {"opened": opened, "inserted": inserted, "statements": statements}
    report.add("opening a ticket, reply queued / bare insert", _ratio(opened, inserted, "ms"), TARGET, detail=shown)
    report.add("the same, server CPU", _ratio(opened, inserted, "cpu_ms"), detail=f"{cpu[0]:.1f} ms / {cpu[1]:.1f} ms")
    return report


def _ratio(opened: list[dict[str, Any]], inserted: list[dict[str, Any]], name: str) -> float | None:
    return median_ratio([figure[name] for figure in opened], [figure[name] for figure in inserted])


def _browser(port: int, path: str, cookies: Sequence[str], csrf: str) -> Callable[[], None]:
    """Sends the ticket as signed-in browsers that take turns do: both servers get the same request the same way."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    body, turns = json.dumps(TICKET), cycle(cookies)
    given = {"Content-Type": "application/json", "X-CSRF-Token": csrf, "X-CSRFToken": csrf}

    def go() -> None:
        connection.request("POST", path, body, given | {"Cookie": next(turns)})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 201:
            raise RuntimeError(f"POST {path}: {answer.status} {text[:300]!r}")

    return go


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
