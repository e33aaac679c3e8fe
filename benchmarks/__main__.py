"""`python -m benchmarks [names] [--quick | --large] [--rounds N] [--crowds 500,2000]`: one table of ratios.

Without names all of them run, one after the other. The figures go to benchmarks/results/<name>.json.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import gettempdir

import structlog

from benchmarks.machine import CannotMeasure
from benchmarks.options import Options
from benchmarks.ratios import Ratio, Report, save, saved, table

NAMES = (
    "fanout",
    "stopped",
    "connects",
    "receipts",
    "tickets",
    "boards",
    "opening",
    "room",
    "reach",
    "starting",
    "surge",
    "costs",
    "processes",
    "growth",
)
BY_NAME_ONLY = ("soak",)  # takes half an hour


def main() -> int:
    """Run what was asked for. Exit code 1: something could not be measured. A missed target is a result, no failure."""
    arguments = _parse()
    if arguments.saved:
        print(table(saved()))
        return 0
    options = Options.quick() if arguments.quick else Options.large() if arguments.large else Options()
    if arguments.rounds:
        options = replace(options, rounds=arguments.rounds)
    if arguments.crowds:
        options = replace(options, crowds=tuple(int(word) for word in arguments.crowds.split(",")))
    if arguments.minutes:
        options = replace(options, soak_minutes=arguments.minutes)
    folder = Path(gettempdir()) / "helpdesk-benchmarks" if arguments.quick else None
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    lines: list[Ratio] = []
    failed = False
    for name in arguments.names or NAMES:
        print(f"{name} … (load {os.getloadavg()[0]:.1f})", file=sys.stderr, flush=True)
        try:
            report: Report = importlib.import_module(f"benchmarks.{name}").measure(options)
        except CannotMeasure as error:
            print(f"{name}: {error}", file=sys.stderr)
            failed = True
            continue
        path = save(report, folder) if folder else save(report)
        print(f"{name}: figures in {path}", file=sys.stderr, flush=True)
        lines += report.ratios
    print(table(lines))
    return 1 if failed else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, *BY_NAME_ONLY, []], help="which ones; all by default")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, only to see that everything works")
    parser.add_argument("--large", action="store_true", help="10,000 people connected, a million tickets and people")
    parser.add_argument("--rounds", type=int, default=0, help="repetitions of each measurement")
    parser.add_argument("--crowds", default="", help="numbers of connected people, such as 500,5000")
    parser.add_argument("--minutes", type=float, default=0, help="how long `soak` runs, 30 by default")
    parser.add_argument("--saved", action="store_true", help="measure nothing: print what stands in results/")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
