"""Publishing to everybody who is connected: until the last screen has it, next to a bare server and to the limit."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.crowd import MILLI, Crowd
from benchmarks.desk import EVERYONE, FEW, Desk, Server, department, new_desk
from benchmarks.machine import Process, build, file_limit, free_port, python, raise_file_limit, wait_for_quiet
from benchmarks.options import Options
from benchmarks.ratios import Plot, Report, median, median_ratio

TARGET_LIMIT, TARGET_BARE, TARGET_FEW = 1.6, 0.3, 0.1
SETTLE_SECONDS = 0.4
FILES_OF_BARE = 2  # for each client: its socket, and what waits for it
OTHER_FILES = 500


def measure(options: Options) -> Report:
    report = Report("fanout")
    for count in options.crowds:
        raise_file_limit(count + OTHER_FILES)
        figures = report.figures[str(count)] = _measure(count, options.rounds)
        _judge(report, count, figures)
    for name, what in (("last", "ms to the last screen"), ("server_cpu_ms", "ms of server CPU")):
        series = {
            server: [
                (count, median(_column(report.figures[str(count)][server], name)) or 0) for count in options.crowds
            ]
            for server in ("bare", "desk", "limit")
        }
        report.plots.append(Plot(f"publish-{name.replace('_', '-')}", "people connected", what, series))
    return report


def _measure(count: int, rounds: int) -> dict[str, Any]:
    """All servers stand side by side and take turns, so that each round has its own ratios."""
    figures: dict[str, Any] = {name: [] for name in ("desk", "bare", "limit", "few")}
    with new_desk(people=count) as desk, ExitStack() as stack:
        server = desk.serve()
        stack.callback(server.kill)
        crowd = _filled(desk.crowd(server, count, desk.sign_in_everybody()), stack)
        room = {"bare": min(count, (file_limit() - OTHER_FILES) // FILES_OF_BARE), "limit": count}
        others = [
            (name, program, _filled(Crowd(program.port, room[name]), stack))
            for name, program in stack.enter_context(_compared()).items()
        ]
        for number in range(-1, rounds):  # the first round only warms up
            taken = {"desk": _publish(desk, server, crowd, f"Outage {number}", EVERYONE, 0)}
            event = taken["desk"].pop("event")
            for name, program, listeners in others:
                taken[name] = _send(program, listeners, event, is_ready_text=name == "limit")
            to_few = department(desk.small_id)
            taken["few"] = _publish(desk, server, crowd, f"Small {number}", to_few, min(FEW, count))
            taken["few"].pop("event")
            for name, figure in taken.items():
                figures[name] += [figure] if number >= 0 else []
        figures["lost"] = sum(r["wanted"] - r["count"] for r in figures["desk"] + figures["few"])
        figures["dropped"] = crowd.stats()["dropped"]
        figures["bare_clients"] = room["bare"]
    return figures


def _filled(crowd: Crowd, stack: ExitStack) -> Crowd:
    stack.callback(crowd.close)
    answer = crowd.open()
    if answer["ready"] < crowd.count:
        raise RuntimeError(f"only {answer['ready']} of {crowd.count} clients could connect")
    return crowd


@contextmanager
def _compared() -> Iterator[dict[str, Process]]:
    with TemporaryDirectory(prefix="hdbench-") as folder:
        bare, limit = free_port(), free_port()
        programs = {
            "bare": Process(python("-m", "benchmarks.bare", "sockets", str(bare)), bare, Path(folder, "bare.log")),
            "limit": Process([str(build("limit")), str(limit)], limit, Path(folder, "limit.log")),
        }
        try:
            for program in programs.values():
                program.wait_for()
            yield programs
        finally:
            for program in programs.values():
                program.kill()


def _publish(
    desk: Desk, server: Server, crowd: Crowd, title: str, audience: dict[str, Any], count: int
) -> dict[str, Any]:
    """Publish through the API, and end it afterwards. `event` is what the clients got, for the others to send."""
    announcement_id = server.draft(title, audience)
    figure = _timed(server, crowd, f'"title":"{title}"', count, lambda: server.publish(announcement_id))
    board = json.loads(server.page("/api/v1/me/board", desk.first_cookie))
    figure["event"] = {"epoch": board["epoch"], "seq": board["seq"], "banner": board["banners"][0]}
    figure["others"] = crowd.stats()["hits"] - figure["count"]
    server.resolve(announcement_id)
    time.sleep(SETTLE_SECONDS)
    return figure


def _send(program: Process, crowd: Crowd, event: dict[str, Any], *, is_ready_text: bool) -> dict[str, Any]:
    """The same event from a server that knows nobody; the limit gets the packet's very text."""
    packet = "42" + json.dumps(["banner", event], separators=(",", ":"))
    sent = packet if is_ready_text else json.dumps(event)
    mark = f'"title":"{event["banner"]["title"]}"'
    figure = _timed(program, crowd, mark, 0, lambda: program.post("/publish", sent))
    time.sleep(SETTLE_SECONDS)
    return figure | {"bytes": len(packet)}


def _timed(program: Process, crowd: Crowd, mark: str, count: int, go: Callable[[], None]) -> dict[str, Any]:
    """Milliseconds from the request to the clients, and what server and load generator used meanwhile."""
    busy = wait_for_quiet()
    crowd.expect(mark, count)
    used, began = program.cpu_seconds(), time.monotonic_ns()
    go()
    answered = time.monotonic_ns()
    arrived = crowd.arrived()
    used = program.cpu_seconds() - used
    figure = {name: (arrived[name] - began) / MILLI for name in ("first", "p50", "p95", "last") if name in arrived}
    return figure | {
        "count": arrived["count"],
        "wanted": arrived["wanted"],
        "spread": (arrived["last"] - arrived["first"]) / MILLI if "last" in arrived else None,
        "answered": (answered - began) / MILLI,
        "server_cpu_ms": used * 1000,
        "crowd_cpu_ms": arrived["cpu"] / MILLI,
        "busy_before": round(busy, 2),
    }


def _column(figures: list[dict[str, Any]], name: str) -> list[float | None]:
    return [figure.get(name) for figure in figures]


def _judge(report: Report, count: int, figures: dict[str, Any]) -> None:
    desk, bare, few = (figures[name] for name in ("desk", "bare", "few"))
    last = {name: _column(figures[name], "last") for name in ("desk", "bare", "limit", "few")}
    shown = " · ".join(f"{name} {median(last[name]) or 0:.0f} ms" for name in ("desk", "bare", "limit"))
    people = f"{count:,} people"
    report.add(f"publish to {people}, last screen / limit", median_ratio(last["desk"], last["limit"]), TARGET_LIMIT,
               detail=shown)  # fmt: skip
    fewer = figures["bare_clients"]  # than the others where the system allows no more open files
    report.add(f"publish to {people}, last screen / bare room", median_ratio(last["desk"], last["bare"]), TARGET_BARE,
               detail=f"bare with {fewer:,} people" if fewer < count else "")  # fmt: skip
    spread = {name: _column(figures[name], "spread") for name in ("desk", "bare", "limit")}
    shown = " · ".join(f"{name} {median(spread[name]) or 0:.0f} ms" for name in spread)
    report.add("the same from first to last screen / limit", median_ratio(spread["desk"], spread["limit"]),
               detail=shown)  # fmt: skip
    cpu = {name: median(_column(figures[name], "server_cpu_ms")) or 0 for name in ("desk", "bare", "limit")}
    load = {name: median(_column(figures[name], "crowd_cpu_ms")) or 0 for name in ("desk", "bare", "limit")}
    report.add(
        "server CPU of that publish / bare room",
        median_ratio(_column(desk, "server_cpu_ms"), _column(bare, "server_cpu_ms")),
        detail=" · ".join(f"{n} {cpu[n]:.0f} ms (clients {load[n]:.0f})" for n in cpu),
    )
    if count > 10 * FEW:
        used = median_ratio(_column(few, "server_cpu_ms"), _column(desk, "server_cpu_ms"))
        report.add(f"publish to {FEW} of {count:,} / to all, last screen", median_ratio(last["few"], last["desk"]),
                   TARGET_FEW, detail=f"{median(last['few']) or 0:.1f} ms; CPU × {used or 0:.2f}")  # fmt: skip
    others = sum(figure["others"] for figure in few)
    report.add(f"lost, dropped or misdirected, {people}", figures["lost"] + figures["dropped"] + others, 0, unit="")
