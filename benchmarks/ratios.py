"""What a benchmark gives: ratios with their targets, and the figures they were made of."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.plots import Series, draw

RESULTS = Path(__file__).with_name("results")


@dataclass(frozen=True, slots=True)
class Ratio:
    """One line of the table. `limit` is the largest value that keeps the promise; None: shown for information.

    A value of None says that it could not be measured, which breaks the promise.
    """

    what: str
    value: float | None
    limit: float | None = None
    unit: str = "×"
    detail: str = ""

    @property
    def is_kept(self) -> bool | None:
        """Whether the promise is kept; None where there is none."""
        if self.limit is None:
            return None
        return self.value is not None and self.value <= self.limit


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure against a size: points (x, y) of each line by its name."""

    name: str
    x_label: str
    y_label: str
    series: Series


@dataclass(slots=True)
class Report:
    """The outcome of one benchmark. `figures` holds everything as measured, in the units that the names say."""

    name: str
    ratios: list[Ratio] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    plots: list[Plot] = field(default_factory=list)

    def add(
        self, what: str, value: float | None, limit: float | None = None, unit: str = "×", detail: str = ""
    ) -> None:
        self.ratios.append(Ratio(what, value, limit, unit, detail))


def ratio(top: float | None, bottom: float | None) -> float | None:
    """top / bottom; None when one of them is missing or the bottom is not positive."""
    return None if top is None or bottom is None or bottom <= 0 else top / bottom


def median(values: Iterable[float | None]) -> float | None:
    """The median of the values that are there; None without any."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def median_ratio(tops: Sequence[float | None], bottoms: Sequence[float | None]) -> float | None:
    """The median over the rounds of top / bottom of the same round, so that what slows a whole round cancels out."""
    return median(ratio(top, bottom) for top, bottom in zip(tops, bottoms, strict=True))


def number(value: float | None, unit: str = "") -> str:
    """Three significant digits, as the table shows a value."""
    if value is None:
        return "–"
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{text} {unit}".strip()


def table(ratios: Sequence[Ratio]) -> str:
    """The lines as a Markdown table that also reads well in a terminal."""
    rows = [("what", "measured", "target", "", "of")]
    for line in ratios:
        kept = {None: "", True: "yes", False: "NO"}[line.is_kept]
        target = "" if line.limit is None else f"≤ {number(line.limit, line.unit)}"
        rows.append((line.what, number(line.value, line.unit), target, kept, line.detail))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def save(report: Report, folder: Path = RESULTS) -> Path:
    """Write the report as JSON with what must be known of the machine to read it."""
    folder.mkdir(parents=True, exist_ok=True)
    machine = {
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.system(),
        "load_before": round(os.getloadavg()[0], 2),
    }
    content = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine,
        "ratios": [asdict(line) | {"is_kept": line.is_kept} for line in report.ratios],
        "figures": report.figures,
    }
    path = folder / f"{report.name}.json"
    path.write_text(json.dumps(content, indent=1, default=str) + "\n")
    for plot in report.plots:
        drawn = draw(plot.name.replace("-", ", "), plot.x_label, plot.y_label, plot.series)
        (folder / f"{plot.name}.svg").write_text(drawn)
    return path


def saved(folder: Path = RESULTS) -> list[Ratio]:
    """The lines of all reports in the folder, as they were measured."""
    found = [line for path in sorted(folder.glob("*.json")) for line in json.loads(path.read_text())["ratios"]]
    return [Ratio(**{name: value for name, value in line.items() if name != "is_kept"}) for line in found]
