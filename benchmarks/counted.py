"""The `helpdesk` command with a counter of its database statements: `python -m benchmarks.counted FILE serve …`.

The file holds two numbers of 8 bytes that others may read at any time: statements that read, and all others.
"""

from __future__ import annotations

import mmap
import os
import struct
import sys
from pathlib import Path
from typing import Any

LAYOUT = struct.Struct("<QQ")


def read_counts(path: Path) -> tuple[int, int]:
    """(reading statements, others) so far."""
    reads, others = LAYOUT.unpack(path.read_bytes()[: LAYOUT.size])
    return int(reads), int(others)


def count_into(path: Path) -> None:
    """Count the statements of every engine of this process from now on."""
    from sqlalchemy import Engine, event

    with open(path, "w+b") as file:
        file.write(LAYOUT.pack(0, 0))
        file.flush()
        shared = mmap.mmap(file.fileno(), LAYOUT.size)
    counts = [0, 0]

    @event.listens_for(Engine, "before_cursor_execute")
    def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        word = statement.lstrip()[:6].upper()
        if word.startswith(("BEGIN", "COMMIT", "PRAGMA")):
            return
        counts[0 if word in ("SELECT", "WITH") else 1] += 1
        LAYOUT.pack_into(shared, 0, *counts)


def main() -> None:
    path, words = Path(sys.argv[1]), sys.argv[2:]
    sys.argv = ["helpdesk", *words]
    if os.environ.get("HELPDESK_ASYNC", "gevent") == "gevent":
        from gevent import monkey

        monkey.patch_all()
    count_into(path)
    from helpdesk.cli import main as helpdesk

    helpdesk()


if __name__ == "__main__":
    main()
