"""A long run with people who come and go: whether memory, open files and threads stay where they were."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.crowd import Crowd
from benchmarks.desk import EVERYONE, Server, new_desk
from benchmarks.machine import raise_file_limit
from benchmarks.options import Options
from benchmarks.ratios import Plot, Report, ratio

TARGET, SETTLED_SECONDS = 1.05, 300.0
STEADY, CHURNING = 19, 1  # of twenty: those who stay, and those who leave and come again
EVERY_SECONDS = 5.0


def measure(options: Options) -> Report:
    """Each few seconds one in twenty leaves and comes again, and an announcement is published, changed and ended."""
    report, count = Report("soak"), options.soak_crowd
    raise_file_limit(count + 500)
    samples: list[dict[str, Any]] = []
    wrong = 0
    with new_desk(people=count) as desk, ExitStack() as stack:
        server = desk.serve()
        stack.callback(server.kill)
        cookies = desk.sign_in_everybody()
        churning = max(1, count * CHURNING // (STEADY + CHURNING))
        steady = desk.crowd(server, count - churning, cookies)
        stack.callback(steady.close)
        steady.open()
        began = time.monotonic()
        end = began + options.soak_minutes * 60
        for number in range(10**9):
            turn = time.monotonic()
            if turn > end:
                break
            crowd = desk.crowd(server, churning, cookies)
            try:
                crowd.open()
                wrong += _publish_and_end(server, [steady, crowd], f"Round {number}")
            finally:
                crowd.close()
            samples.append({"seconds": round(turn - began, 1)} | _used(server))
            time.sleep(max(0.0, EVERY_SECONDS - (time.monotonic() - turn)))
        dropped = steady.stats()["dropped"]
    report.figures = {"samples": samples, "dropped": dropped, "wrong": wrong}
    _judge(report, samples, count, options.soak_minutes)
    report.add("lost screens and dropped connections", wrong + dropped, 0, unit="")
    return report


def _publish_and_end(server: Server, crowds: list[Crowd], title: str) -> int:
    """How many did not get the notice."""
    announcement_id = server.draft(title, EVERYONE)
    for crowd in crowds:
        crowd.expect(f'"title":"{title}"')
    server.publish(announcement_id)
    arrived = [crowd.arrived() for crowd in crowds]
    server.resolve(announcement_id)
    return int(sum(one["wanted"] - one["count"] for one in arrived))


def _used(server: Server) -> dict[str, Any]:
    folder = Path("/proc", str(server.process.pid))
    return {
        "memory_mb": server.memory_kb() / 1024,
        "files": len(os.listdir(folder / "fd")),
        "threads": len(os.listdir(folder / "task")),
    }


def _judge(report: Report, samples: list[dict[str, Any]], count: int, minutes: float) -> None:
    """The last tenth against the tenth after the start has settled: one sample alone says little."""
    settled = min(SETTLED_SECONDS, samples[-1]["seconds"] / 2)
    after = [sample for sample in samples if sample["seconds"] >= settled]
    share = max(1, len(after) // 10)
    first, last = after[:share], after[-share:]

    def mean(group: list[dict[str, Any]], name: str) -> float:
        return float(sum(sample[name] for sample in group) / len(group))

    memory = [mean(group, "memory_mb") for group in (last, first)]
    what = f"memory after {minutes:g} min of churn among {count:,} / after {settled / 60:.1f} min"
    report.add(what, ratio(memory[0], memory[1]), TARGET, detail=f"{memory[0]:.1f} MB / {memory[1]:.1f} MB")
    for name in ("files", "threads"):
        grown = max(sample[name] for sample in last) - max(sample[name] for sample in first)
        report.add(f"{name} more at the end", max(0, grown), 0, unit="", detail=f"{last[-1][name]} at the end")
    points = [(sample["seconds"] / 60, sample["memory_mb"]) for sample in samples]
    report.plots.append(Plot("soak-memory", "minutes", "MB of the server", {f"{count:,} connections": points}))
