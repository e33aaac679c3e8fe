"""Draws a figure against a size as an SVG file, by the few lines that it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 800, 400, 70, 270, 30, 50
COLOURS = ("#1f5fbf", "#c2410c", "#15803d", "#7e22ce", "#475569")
TICKS = 5
LINE = 14

Series = Mapping[str, Sequence[tuple[float, float]]]


def draw(title: str, x_label: str, y_label: str, series: Series) -> str:
    """The SVG of lines through (x, y), both axes from zero, with the last value written at each line."""
    points = [point for line in series.values() for point in line]
    most_x, most_y = (max((point[axis] for point in points), default=1.0) or 1.0 for axis in (0, 1))

    def place(x: float, y: float) -> tuple[float, float]:
        across, up = x / most_x * (WIDTH - LEFT - RIGHT), y / most_y * (HEIGHT - TOP - BOTTOM)
        return LEFT + across, HEIGHT - BOTTOM - up

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        'font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        _text(LEFT, 18, title, size=14),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, x_label, anchor="middle"),
        _text(LEFT, TOP + 2, y_label, size=11),
    ]
    for n in range(TICKS + 1):
        x, y = most_x * n / TICKS, most_y * n / TICKS
        parts += [
            _line(place(0, y), place(most_x, y), "#e2e8f0"),
            _text(LEFT - 6, place(0, y)[1] + 4, f"{y:,.3g}", anchor="end"),
            _text(place(x, 0)[0], HEIGHT - BOTTOM + 16, f"{x:,.0f}" if x >= 10 else f"{x:.3g}", anchor="middle"),
        ]
    drawn = {name: [place(*point) for point in line] for name, line in series.items()}
    heights = _apart({name: places[-1][1] for name, places in drawn.items() if places})
    for colour, (name, places) in zip(COLOURS * len(series), drawn.items(), strict=False):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        if len(places) <= 20:
            parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        if places:
            label = f"{name}: {series[name][-1][1]:,.3g}"
            parts.append(_text(places[-1][0] + 8, heights[name] + 4, label, colour=colour))
    return "\n".join([*parts, "</svg>", ""])


def _apart(heights: Mapping[str, float]) -> dict[str, float]:
    """The same heights, lowest line first, moved up as far as two texts would stand on each other."""
    free: dict[str, float] = {}
    highest = float(HEIGHT)
    for name, height in sorted(heights.items(), key=lambda item: -item[1]):
        highest = free[name] = min(height, highest - LINE)
    return free


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 12, colour: str = "#334155") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">{escape(text)}</text>'
    )


def _line(start: tuple[float, float], end: tuple[float, float], colour: str) -> str:
    return f'<line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}" stroke="{colour}"/>'
