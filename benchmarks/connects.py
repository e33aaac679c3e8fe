"""A storm of people who come at once: until all have the right board, and what each costs the server."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.crowd import NANO, Crowd
from benchmarks.desk import EVERYONE, Server, new_desk
from benchmarks.machine import Process, free_port, python, raise_file_limit, wait_for_quiet
from benchmarks.options import Options
from benchmarks.ratios import Report, median, median_ratio

TARGET_TIME, TARGET_CPU, TARGET_READS, TARGET_MEMORY = 1.3, 1.5, 0.02, 0.6
AT_ONCE = 200  # connects that are under way; the rest waits in the clients
WARMING = 20
TITLE = "Mail is late"


def measure(options: Options) -> Report:
    report, count = Report("connects"), options.storm
    raise_file_limit(count + 500)
    desk, bare = [], []
    for _round in range(min(3, options.rounds)):
        desk.append(_desk_storm(count))
        bare.append(_bare_storm(count))
    report.figures = {"desk": desk, "bare": bare, "count": count}
    _judge(report, count, desk, bare)
    return report


def _desk_storm(count: int) -> dict[str, Any]:
    with new_desk(people=count) as desk, ExitStack() as stack:
        cookies = desk.sign_in_everybody()
        server = desk.serve(counted=True)
        stack.callback(server.kill)
        server.publish(server.draft(TITLE, EVERYONE))
        memory = server.memory_kb()  # before anybody came: what is remembered of people counts as theirs
        warming = desk.crowd(server, WARMING, cookies, ready=f'"title":"{TITLE}"')
        stack.callback(warming.close)
        warming.open()
        warming.close()
        crowd = desk.crowd(server, count, cookies, ready=f'"title":"{TITLE}"')
        stack.callback(crowd.close)
        reads = server.counts()[0]
        figure = _storm(server, crowd, memory)
        return figure | {"reads": server.counts()[0] - reads}


def _bare_storm(count: int) -> dict[str, Any]:
    with TemporaryDirectory(prefix="hdbench-") as folder:
        port = free_port()
        server = Process(python("-m", "benchmarks.bare", "sockets", str(port)), port, Path(folder, "log"))
        crowds: list[Crowd] = []
        try:
            server.wait_for()
            memory = server.memory_kb()
            crowds.append(Crowd(port, WARMING))
            crowds[0].open()
            crowds[0].close()
            crowds.append(Crowd(port, count))
            return _storm(server, crowds[1], memory)
        finally:
            for crowd in crowds:
                crowd.close()
            server.kill()


def _storm(server: Process | Server, crowd: Crowd, memory: float) -> dict[str, Any]:
    busy = wait_for_quiet()
    used = server.cpu_seconds()
    opened = crowd.open(AT_ONCE)
    used = server.cpu_seconds() - used
    wait_for_quiet(2)
    return {
        "seconds": opened["nanoseconds"] / NANO,
        "server_cpu_s": used,
        "crowd_cpu_s": opened["cpu"] / NANO,
        "ready": opened["ready"],
        "tried_again": opened["failed"],
        "memory_kb": (server.memory_kb() - memory) / crowd.count,
        "busy_before": round(busy, 2),
    }


def _judge(report: Report, count: int, desk: list[dict[str, Any]], bare: list[dict[str, Any]]) -> None:
    def compare(name: str) -> float | None:
        return median_ratio([figure[name] for figure in desk], [figure[name] for figure in bare])

    def both(name: str, unit: str, factor: float = 1.0) -> str:
        values = (median(figure[name] for figure in figures) or 0 for figures in (desk, bare))
        return " / ".join(f"{value * factor:.3g} {unit}" for value in values)

    cpu = f"{both('server_cpu_s', 'ms', 1000 / count)} (clients {both('crowd_cpu_s', 'ms', 1000 / count)})"
    people = f"{count:,} connects"
    report.add(f"{people} until all boards are right / bare", compare("seconds"), TARGET_TIME,
               detail=both("seconds", "s"))  # fmt: skip
    report.add("server CPU per connect with board / bare", compare("server_cpu_s"), TARGET_CPU, detail=cpu)
    report.add("database reads per connect", (median(figure["reads"] for figure in desk) or 0) / count, TARGET_READS,
               unit="")  # fmt: skip
    report.add("never let in", sum(count - figure["ready"] for figure in desk), 0, unit="",
               detail=f"{sum(figure['tried_again'] for figure in desk)} tried again")  # fmt: skip
    report.add("memory per connection, board included / bare", compare("memory_kb"), TARGET_MEMORY,
               detail=both("memory_kb", "kB"))  # fmt: skip
