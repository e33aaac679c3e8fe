"""What happens at sizes that no single machine can be measured at: `python -m benchmarks.simulate_scale`.

A web process is one processor that does one thing after the other; the row that numbers the changes (the head of the
feed) is one more such place, that all processes share. With the costs that `costs.py` measured, this plays what follows
a publish (frames out, receipts back) and a process that dies, and says when the last screen was reached, when the last
receipt was written, and how long a page took meanwhile.
"""

from __future__ import annotations

import argparse
import heapq
import json
import random
import sys
from dataclasses import dataclass, fields, replace
from pathlib import Path

from benchmarks.ratios import RESULTS

SEED = 7
ROUND_TRIP_SECONDS = 0.05
SEEN_AFTER_SECONDS = 1.0  # a notice counts as seen when it was on screen for so long
PAGES_PER_PERSON_SECOND = 1 / 300  # an office worker opens a page of the help desk every five minutes during an outage
RECONNECT_SECONDS = (0.25, 0.75)  # what a page waits before it connects again


@dataclass(frozen=True)
class Costs:
    """Processor time in microseconds of one process, as `costs.py` names it; `head_us`: of the shared row."""

    connect_us: float = 1900
    delivery_us: float = 11
    publish_us: float = 60_000
    page_home_us: float = 25_000
    receipt_us: float = 4_000
    head_us: float = 600
    idle_connection_second_us: float = 6
    connection_kb: float = 8
    mail_us: float = 8_000

    @staticmethod
    def measured(path: Path = RESULTS / "costs.json") -> Costs:
        """Those of the last run of `costs.py`; what it did not measure stays as it is here."""
        if not path.exists():
            return Costs()
        figures = json.loads(path.read_text())["figures"]
        known = {one.name for one in fields(Costs)}
        return Costs(**{name: float(value) for name, value in figures.items() if name in known and value})


@dataclass(frozen=True)
class Shape:
    people: int
    processes: int
    visible: float = 0.4  # of the open pages that are on top when the notice comes; only those send receipts
    receipts_spread_seconds: float = 0.0  # over which pages wait before they send one
    receipts_at_once: int = 1  # written in one transaction


@dataclass(frozen=True)
class Outcome:
    last_screen: float
    last_receipt: float
    page_p95: float
    page_worst: float
    busiest: float  # share of the busiest process over the first minute


class Place:
    """Where one thing is done after the other."""

    def __init__(self) -> None:
        self.free_at = 0.0
        self.busy = 0.0

    def take(self, at: float, seconds: float) -> float:
        """When it is done, begun at `at` at the earliest."""
        self.free_at = max(self.free_at, at) + seconds
        self.busy += seconds
        return self.free_at


def publish(shape: Shape, costs: Costs, seed: int = SEED) -> Outcome:
    """One announcement to everybody at second 0, and what follows within two minutes."""
    chance = random.Random(seed)
    web = [Place() for _process in range(shape.processes)]
    head = Place()
    each = shape.people // shape.processes
    events: list[tuple[float, int, str, int]] = []
    last_screen = 0.0
    for number, process in enumerate(web):
        woken = costs.publish_us / 1e6 + chance.uniform(0.002, 0.01)
        told = process.take(woken, each * costs.delivery_us / 1e6)
        last_screen = max(last_screen, told)
        _plan_receipts(events, chance, shape, number, each, woken, told)
        _plan_pages(events, chance, number, each)
    heapq.heapify(events)
    waits: list[float] = []
    last_receipt, minute = 0.0, [0.0] * shape.processes
    while events:
        at, count, kind, number = heapq.heappop(events)
        if kind == "page":
            done = web[number].take(at, costs.page_home_us / 1e6)
            waits.append(done - at)
        else:
            written = head.take(at, costs.head_us / 1e6)
            done = web[number].take(max(at, written - costs.receipt_us / 1e6), count * costs.receipt_us / 1e6)
            last_receipt = max(last_receipt, done, written)
        if at < 60:
            minute[number] = web[number].busy
    waits.sort()
    worst, p95 = (waits[-1], waits[int(len(waits) * 0.95)]) if waits else (0.0, 0.0)
    return Outcome(last_screen, last_receipt, p95, worst, max(minute) / 60)


def _plan_receipts(
    events: list[tuple[float, int, str, int]], chance: random.Random, shape: Shape, number: int, each: int,
    begun: float, told: float,
) -> None:  # fmt: skip
    """Two for each visible page (delivered, seen), as many to a transaction as the shape says."""
    pages = int(each * shape.visible)
    for what in (0.0, SEEN_AFTER_SECONDS):
        for _batch in range(0, pages, shape.receipts_at_once):
            reached = chance.uniform(begun, told) + ROUND_TRIP_SECONDS + what
            count = min(shape.receipts_at_once, pages)
            events.append((reached + chance.uniform(0, shape.receipts_spread_seconds), count, "receipt", number))


def _plan_pages(events: list[tuple[float, int, str, int]], chance: random.Random, number: int, each: int) -> None:
    at, rate = 0.0, each * PAGES_PER_PERSON_SECOND
    while rate and at < 120:
        at += chance.expovariate(rate)
        events.append((at, 1, "page", number))


def reconnect(shape: Shape, costs: Costs, over_seconds: float = 0.0, seed: int = SEED) -> float:
    """A process goes, at once or draining over so many seconds: until its last page is connected elsewhere."""
    chance = random.Random(seed)
    others = [Place() for _process in range(shape.processes - 1)]
    arrivals = sorted(
        chance.uniform(0, over_seconds) + chance.uniform(*RECONNECT_SECONDS)
        for _page in range(shape.people // shape.processes)
    )
    return max(others[number % len(others)].take(at, costs.connect_us / 1e6) for number, at in enumerate(arrivals))


def mails_hours(count: int, workers: int, costs: Costs) -> float:
    """How long so many mails take by the workers' own processor time; a mail server may take longer."""
    return count * costs.mail_us / 1e6 / workers / 3600


def rows(costs: Costs) -> list[str]:
    lines = ["| people | processes | receipts | last screen | last receipt | page p95 | worst | busiest process |"]
    lines.append("|---|---|---|---|---|---|---|---|")
    kinds = {
        "as they are": Shape(0, 1),
        "spread over 60 s": Shape(0, 1, receipts_spread_seconds=60),
        "20 in one transaction": Shape(0, 1, receipts_at_once=20),
        "both": Shape(0, 1, receipts_spread_seconds=60, receipts_at_once=20),
    }
    for people, processes in ((10_000, 2), (30_000, 4), (100_000, 8), (100_000, 16)):
        for name, kind in kinds.items():
            at_once = kind.receipts_at_once
            # In one transaction only the rows themselves are written for each; the rest is paid once.
            cheaper = replace(costs, receipt_us=costs.receipt_us * (0.2 + 0.8 / at_once))
            found = publish(replace(kind, people=people, processes=processes), cheaper)
            lines.append(
                f"| {people:,} | {processes} | {name} | {found.last_screen:.2f} s | {found.last_receipt:.0f} s "
                f"| {found.page_p95:.2f} s | {found.page_worst:.1f} s | {found.busiest:.0%} |"
            )
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    costs = Costs.measured()
    print(costs)
    print("\n".join(rows(costs)))
    for people, processes in ((10_000, 2), (100_000, 8), (100_000, 16)):
        shape = Shape(people, processes)
        died, drained = reconnect(shape, costs), reconnect(shape, costs, over_seconds=8)
        print(f"{people:,} people on {processes}: one dies, all are back after {died:.1f} s; drained {drained:.1f} s")
    for workers in (1, 4, 16):
        print(f"300,000 mails by {workers} workers: {mails_hours(300_000, workers, costs):.1f} h of processor time")
    return 0


if __name__ == "__main__":
    sys.exit(main())
