"""Clients that stop reading: whether the others notice, and what the stopped ones cost."""

from __future__ import annotations

from typing import Any

from benchmarks.crowd import MILLI, Crowd
from benchmarks.desk import EVERYONE, Server, new_desk
from benchmarks.machine import wait_for_quiet
from benchmarks.options import Options
from benchmarks.ratios import Report, median, ratio

TARGET_P95, TARGET_MEGABYTES = 1.2, 20
STOPPED_SHARE = 20  # one in so many
CHANGES = 60  # each of some 3 kB: more than the kernel takes for somebody who does not read
LONG = "We are looking into why mail arrives late, and say more as soon as we know. " * 35


def measure(options: Options) -> Report:
    report, count = Report("stopped"), options.stopped_crowd
    stopped = max(1, count // STOPPED_SHARE)
    with new_desk(people=count) as desk:
        server = desk.serve()
        crowd = desk.crowd(server, count, desk.sign_in_everybody(), small=stopped)
        try:
            crowd.open()
            announcement_id = server.draft("Changing 0", EVERYONE, text=LONG)
            server.publish(announcement_id)
            _change_often(server, crowd, announcement_id, "Warming", CHANGES // 4)
            without = _change_often(server, crowd, announcement_id, "Before", CHANGES)
            memory = server.memory_kb()
            paused = crowd.pause(stopped)
            # While the kernel still takes what they do not read, while it no longer does, and after they were cut.
            parts = [_change_often(server, crowd, announcement_id, f"Part {i}", CHANGES) for i in range(2)]
            grown = (server.memory_kb() - memory) / 1024
            left = crowd.stats()
        finally:
            crowd.close()
            server.kill()
    during = [change for part in parts for change in part]
    p95 = {name: median(change["p95"] for change in group) for name, group in (("without", without), ("with", during))}
    lost = sum(change["wanted"] - change["count"] for change in without + during)
    people = f"{paused} of {count:,} stopped"
    report.add(f"healthy clients' p95 with {people} / without", ratio(p95["with"], p95["without"]), TARGET_P95,
               detail=f"{p95['with']:.1f} ms / {p95['without']:.1f} ms")  # fmt: skip
    report.add(f"memory growth, {people}, {2 * CHANGES} changes", max(0.0, grown), TARGET_MEGABYTES, "MB")
    report.add("lost among the healthy", lost, 0, unit="")
    report.figures = {"without": without, "with": during, "grown_mb": grown, "paused": paused, "after": left}
    return report


def _change_often(server: Server, crowd: Crowd, announcement_id: int, title: str, count: int) -> list[dict[str, Any]]:
    """Change the title again and again. Milliseconds from the first healthy client to the 95th of a hundred, each."""
    wait_for_quiet()
    changes = []
    path = f"/api/v1/announcements/{announcement_id}"
    for number in range(count):
        revision = server.ask("GET", path)["revision"]
        name = f"{title} {number}"
        crowd.expect(f'"title":"{name}"')
        server.ask("PATCH", path, {"title": name, "weight": "silent"}, {"If-Match": f'"{revision}"'})
        arrived = crowd.arrived()
        p95 = (arrived["p95"] - arrived["first"]) / MILLI if "p95" in arrived else None
        changes.append({"p95": p95, "count": arrived["count"], "wanted": arrived["wanted"]})
    return changes
