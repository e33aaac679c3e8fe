"""The arithmetic and the table of the benchmarks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.ratios import Ratio, Report, median, median_ratio, number, ratio, save, saved, table


def test_ratio_needs_both_figures() -> None:
    assert ratio(3.0, 2.0) == 1.5
    assert ratio(None, 2.0) is None
    assert ratio(1.0, 0.0) is None


def test_median_ratio_is_taken_round_by_round() -> None:
    # The second round ran while the machine was slow: both figures doubled, the ratio did not.
    assert median_ratio([10.0, 20.0, 12.0], [5.0, 10.0, 4.0]) == 2.0
    assert median_ratio([10.0, None], [5.0, 10.0]) == 2.0
    assert median([]) is None


@pytest.mark.parametrize(
    ("value", "limit", "kept"), [(1.0, 1.6, True), (1.7, 1.6, False), (None, 1.6, False), (9.0, None, None)]
)
def test_promise_is_kept_up_to_its_limit_and_broken_when_it_was_not_measured(
    value: float | None, limit: float | None, kept: bool | None
) -> None:
    assert Ratio("publish", value, limit).is_kept is kept


def test_table_shows_each_line_with_its_verdict() -> None:
    lines = table([Ratio("publish", 1.234, 1.6, detail="a / b"), Ratio("start", 3.0, 2.5), Ratio("size", 12.0)])
    heads = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines.splitlines()]
    assert heads[2] == ["publish", "1.23 ×", "≤ 1.6 ×", "yes", "a / b"]
    assert heads[3] == ["start", "3 ×", "≤ 2.5 ×", "NO", ""]
    assert heads[4] == ["size", "12 ×", "", "", ""]
    assert len({len(line) for line in lines.splitlines()}) == 1


def test_numbers_have_three_digits() -> None:
    assert [number(v) for v in (1.23456, 12345.6, 0.0123456, None)] == ["1.23", "12,346", "0.0123", "–"]


def test_report_is_saved_with_figures_and_verdicts(tmp_path: Path) -> None:
    report = Report("fanout", figures={"500": [1, 2]})
    report.add("publish", 1.2, 1.6)
    saved = json.loads(save(report, tmp_path).read_text())
    assert saved["figures"] == {"500": [1, 2]}
    assert saved["ratios"][0]["is_kept"] is True
    assert saved["machine"]["processors"] > 0


def test_what_was_saved_is_read_as_it_was(tmp_path: Path) -> None:
    line = Ratio("publish", 1.7, 1.6, detail="a / b")
    save(Report("some", [line, Ratio("size", None)]), tmp_path)
    assert saved(tmp_path) == [line, Ratio("size", None)]
