#!/usr/bin/env python3
"""Starts the many-process shape on this one machine, for tests and demonstration, on loopback and free ports:

    PostgreSQL, Redis, three web processes, two workers, and nginx or HAProxy in front of them

from the system's packages (Debian: apt-get install postgresql redis-server nginx-light haproxy). Everything lies in a
temporary folder and is gone afterwards. Run it with the environment's Python: .venv/bin/python deploy/many.py --demo

It obeys lines on standard input: roll (restart every process in turn), kill NAME, restart NAME, list, quit.
"""

# ruff: noqa: T201 - it talks to the terminal

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from deploy.fronts import PROXIES, Missing
from deploy.shape import Many, many


def obey(shape: Many, line: str) -> bool:
    """Do what one line says. False to end."""
    match line.split():
        case ["quit"]:
            return False
        case ["roll"]:
            shape.roll()
            print("every process was restarted", flush=True)
        case ["kill", name] if name in shape.parts:
            shape.parts[name].kill()
        case ["restart", name] if name in shape.parts:
            shape.parts[name].restart()
        case ["list"] | []:
            for name, part in shape.parts.items():
                print(f"{name:12} {'runs' if part.runs else 'does not run'}", flush=True)
        case _:
            print("roll, kill NAME, restart NAME, list, quit", flush=True)
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--proxy", choices=PROXIES, default="nginx")
    parser.add_argument("--web", type=int, default=3, help="web processes")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--drain", type=float, default=5, help="seconds in which a process closes its sockets")
    parser.add_argument("--demo", action="store_true", help="load the demonstration organisation")
    options = parser.parse_args()
    try:
        with many(proxy=options.proxy, web=options.web, workers=options.workers, drain=options.drain) as shape:
            shape.start(demo=options.demo)
            print(f"Help desk at {shape.url} (logs in {shape.folder})", flush=True)
            for line in sys.stdin:
                if not obey(shape, line):
                    break
    except (Missing, RuntimeError, TimeoutError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
