"""After a publish every page says at once that it shows the notice: how long that takes, and who waits meanwhile."""

from __future__ import annotations

import json
import statistics
import time
from contextlib import ExitStack
from typing import Any

from benchmarks.crowd import MILLI, Crowd
from benchmarks.desk import EVERYONE, Server, new_desk
from benchmarks.machine import raise_file_limit, wait_for_quiet
from benchmarks.options import Options
from benchmarks.ratios import Report, median

TARGET_PAGE = 3.0  # a page of the help desk during a storm, next to the same page without
ALONE = 20  # receipts that come one after the other, and pages without other work
PAGE = "/notices"


def measure(options: Options) -> Report:
    report, count = Report("receipts"), options.stopped_crowd
    raise_file_limit(count + 500)
    figures: list[dict[str, Any]] = []
    with new_desk(people=count) as desk, ExitStack() as stack:
        cookies = desk.sign_in_everybody()
        server = desk.serve("--no-worker")
        stack.callback(server.kill)
        crowd = desk.crowd(server, count, cookies)
        stack.callback(crowd.close)
        crowd.open()
        for number in range(max(3, options.rounds)):
            announcement_id = server.draft(f"Round {number}", EVERYONE)
            figures.append(_storm(server, crowd, announcement_id, desk.first_cookie))
            server.resolve(announcement_id)
    report.figures = {"rounds": figures, "count": count}

    def middle(name: str) -> float:
        return median(figure[name] for figure in figures) or 0.0

    report.add(f"page while {count:,} receipts come at once, p95 / without", middle("page_ratio"), TARGET_PAGE,
               detail=f"{middle('page_ms'):.0f} ms / {middle('idle_ms'):.0f} ms")  # fmt: skip
    report.add("milliseconds of the server's processor for each of them", middle("cpu_ms"), unit="ms")
    report.add(f"until all {count:,} are written and answered", middle("all_ms") / 1000, unit="s")
    report.add("not answered", sum(figure["missing"] for figure in figures), 0, unit="")
    return report


def _storm(server: Server, crowd: Crowd, announcement_id: int, cookie: str) -> dict[str, Any]:
    crowd.expect(f'"id":{announcement_id}')
    server.publish(announcement_id)
    crowd.arrived()
    wait_for_quiet()
    idle = [_page_ms(server, cookie) for _ in range(ALONE)]
    banner = next(
        b for b in json.loads(server.page("/api/v1/me/board", cookie))["banners"] if b["id"] == announcement_id
    )
    said = json.dumps(["receipt", {"id": announcement_id, "version": banner["version"], "what": "delivered"}])
    used, began = server.cpu_seconds(), time.monotonic_ns()
    crowd.expect('43/live,7[{"ok":true')
    crowd.say(f"42/live,7{said}")
    pages = [_page_ms(server, cookie) for _ in range(ALONE)]
    arrived = crowd.arrived()
    used = server.cpu_seconds() - used
    return {
        "idle_ms": statistics.quantiles(idle, n=20)[-1],
        "page_ms": statistics.quantiles(pages, n=20)[-1],
        "page_ratio": statistics.quantiles(pages, n=20)[-1] / statistics.quantiles(idle, n=20)[-1],
        "all_ms": (arrived.get("last", 0) - began) / MILLI,
        "cpu_ms": used * 1000 / max(1, arrived["count"]),
        "missing": arrived["wanted"] - arrived["count"],
    }


def _page_ms(server: Server, cookie: str) -> float:
    began = time.monotonic()
    server.page(PAGE, cookie)
    return (time.monotonic() - began) * 1000
