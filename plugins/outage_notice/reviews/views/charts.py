"""Where the shapes of the charts stand. Sizes are units of their drawings, so no page needs a style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plugins.outage_notice.reviews.rules import Phase

WIDTH, GAP, NARROWEST = 780.0, 2.5, 74.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One phase of the chart."""

    phase: Phase
    x: float
    width: float
    opacity: float


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a chart of horizontal bars: from 0 to `width` in units of a hundred."""

    label: str
    value: str
    width: float


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of a column: `style` names its colour."""

    style: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    label: str
    x: float
    width: float
    pieces: tuple[Piece, ...]
    total: int


def phase_bars(phases: Sequence[Phase]) -> list[Bar]:
    """The phases side by side; each is wide enough for its words, the rest of the width is shared by their lengths."""
    if not phases:
        return []
    free = WIDTH - len(phases) * NARROWEST - (len(phases) - 1) * GAP
    total = sum((p.length.total_seconds() for p in phases), 0.0)
    bars, x = [], 0.0
    for index, phase in enumerate(phases):
        share = phase.length.total_seconds() / total if total else 1 / len(phases)
        width = NARROWEST + free * share
        bars.append(Bar(phase, round(x, 1), round(width, 1), 1.0 - 0.18 * index))
        x += width + GAP
    return bars


def columns(labels: Sequence[str], stacks: Sequence[Sequence[tuple[str, int]]], height: float = 140) -> list[Column]:
    """Columns of stacked counts, the highest as high as the drawing (780 wide)."""
    if not labels:
        return []
    most = max((sum(n for _s, n in stack) for stack in stacks), default=0) or 1
    step = WIDTH / len(labels)
    found = []
    for index, (label, stack) in enumerate(zip(labels, stacks, strict=True)):
        pieces, y = [], height
        for style, count in stack:
            if count:
                part = height * count / most
                y -= part
                pieces.append(Piece(style, round(y, 1), round(max(part - 1, 1), 1)))
        width = min(step * 0.6, 48)
        x = index * step + (step - width) / 2
        found.append(Column(label, round(x, 1), round(width, 1), tuple(pieces), sum(n for _s, n in stack)))
    return found
