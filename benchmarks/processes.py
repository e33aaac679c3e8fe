"""Two processes of the help desk next to one, on the same database: how many more people they let in a second."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

from benchmarks.crowd import NANO
from benchmarks.desk import EVERYONE, new_desk
from benchmarks.machine import raise_file_limit, wait_for_quiet
from benchmarks.options import Options
from benchmarks.ratios import Report, median, median_ratio

TARGET = 1.6
TITLE = "Mail is late"
AT_ONCE = 200


def measure(options: Options) -> Report:
    report, count = Report("processes"), options.storm
    raise_file_limit(count + 500)
    figures: dict[int, list[dict[str, Any]]] = {1: [], 2: []}
    for _round in range(min(3, options.rounds)):
        for processes in figures:
            figures[processes].append(_storm(processes, count))
    report.figures = {str(processes): group for processes, group in figures.items()}
    rates = {processes: [figure["per_second"] for figure in group] for processes, group in figures.items()}
    shown = " / ".join(f"{median(rates[processes]) or 0:,.0f} a second" for processes in (2, 1))
    clients = median(figure["crowd_cpu_s"] / figure["seconds"] for figure in figures[2]) or 0
    # Stated the other way round, so that smaller is better as in every line: one process / two.
    value = median_ratio(rates[1], rates[2])
    report.add(f"{count:,} connects with board, rate of 1 process / of 2", value, 1 / TARGET,
               detail=f"{shown}; the clients used {clients:.2f} of the processors")  # fmt: skip
    publishes = {processes: [figure["publish_ms"] for figure in group] for processes, group in figures.items()}
    shown = " / ".join(f"{median(publishes[processes]) or 0:.0f} ms" for processes in (2, 1))
    report.add("publish to all, first to last screen of a process, 2 / 1", median_ratio(publishes[2], publishes[1]),
               1 / TARGET, detail=shown)  # fmt: skip
    missing = sum(count - figure["ready"] + figure["lost"] for group in figures.values() for figure in group)
    report.add("never let in, or without the notice", missing, 0, unit="")
    return report


def _storm(processes: int, count: int) -> dict[str, Any]:
    with new_desk(people=count) as desk, ExitStack() as stack:
        cookies = desk.sign_in_everybody()
        servers = [desk.serve(*(() if n == 0 else ("--no-worker",)), name=f"server{n}") for n in range(processes)]
        for server in servers:
            stack.callback(server.kill)
        servers[0].publish(servers[0].draft(TITLE, EVERYONE))
        time.sleep(1.5)  # the others notice within a second
        ready = f'"title":"{TITLE}"'
        crowds = [desk.crowd(server, count // processes, cookies, ready=ready) for server in servers]
        for crowd in crowds:
            stack.callback(crowd.close)
        wait_for_quiet()
        with ThreadPoolExecutor(processes) as pool:
            opened = list(pool.map(lambda crowd: crowd.open(AT_ONCE // processes), crowds))
            seconds = max(one["nanoseconds"] for one in opened) / NANO
            announcement_id = servers[0].draft("Second", EVERYONE)
            for crowd in crowds:
                crowd.expect('"title":"Second"')
            servers[0].publish(announcement_id)
            arrived = list(pool.map(lambda crowd: crowd.arrived(), crowds))
        return {
            "seconds": seconds,
            "ready": sum(one["ready"] for one in opened),
            "per_second": sum(one["ready"] for one in opened) / seconds,
            "crowd_cpu_s": sum(one["cpu"] for one in opened) / NANO,
            "publish_ms": max((one["last"] - one["first"]) / 1e6 for one in arrived),
            "lost": sum(one["wanted"] - one["count"] for one in arrived),
        }
