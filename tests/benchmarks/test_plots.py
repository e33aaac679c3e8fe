"""The plots: valid SVG, points where the figures say."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from benchmarks.plots import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, draw
from benchmarks.ratios import Plot, Report, save

SVG = "{http://www.w3.org/2000/svg}"


def test_points_stand_where_their_figures_are() -> None:
    drawn = ElementTree.fromstring(draw("a <b>", "people", "ms", {"one": [(0, 0), (50, 5), (100, 10)]}))
    line = drawn.find(f"{SVG}polyline")
    assert line is not None
    points = [tuple(map(float, pair.split(","))) for pair in line.attrib["points"].split()]
    assert points[0] == (LEFT, HEIGHT - BOTTOM)
    assert points[1] == (LEFT + (WIDTH - LEFT - RIGHT) / 2, TOP + (HEIGHT - TOP - BOTTOM) / 2)
    assert points[2] == (WIDTH - RIGHT, TOP)
    assert "one: 10" in [text.text for text in drawn.iter(f"{SVG}text")]


def test_nothing_measured_is_an_empty_plot_and_no_error() -> None:
    assert ElementTree.fromstring(draw("", "x", "y", {"none": []})).tag == f"{SVG}svg"


def test_plots_of_a_report_are_saved_beside_its_figures(tmp_path: Path) -> None:
    save(Report("some", plots=[Plot("some-memory", "minutes", "MB", {"all": [(1, 2)]})]), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"some.json", "some-memory.svg"}
