"""From `helpdesk serve` to its first answer, next to Python importing its libraries."""

from __future__ import annotations

import subprocess
import time

from benchmarks.desk import new_desk
from benchmarks.machine import clean_environment, python, wait_for_quiet
from benchmarks.options import Options
from benchmarks.ratios import Report, median, median_ratio

TARGET = 2.5


def measure(options: Options) -> Report:
    report = Report("starting")
    serve: list[float | None] = []
    imports: list[float | None] = []
    with new_desk() as desk:
        for number in range(-1, options.rounds):  # the first round fills the caches
            wait_for_quiet()
            began = time.monotonic()
            server = desk.serve()
            answered = time.monotonic() - began
            server.kill()
            began = time.monotonic()
            subprocess.run(python("-c", "import flask, sqlalchemy, gevent"), check=True, env=clean_environment())
            imported = time.monotonic() - began
            if number >= 0:
                serve.append(answered)
                imports.append(imported)
    report.figures = {"serve_s": serve, "imports_s": imports}
    report.add("helpdesk serve to its first answer / importing its libraries", median_ratio(serve, imports), TARGET,
               detail=f"{median(serve) or 0:.2f} s / {median(imports) or 0:.2f} s")  # fmt: skip
    return report
