"""The simulation behaves as its reckoning says, in cases that can be reckoned by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.simulate_scale import Costs, Outcome, Shape, mails_hours, publish, reconnect

PLAIN = Costs(connect_us=1000, delivery_us=10, publish_us=0, page_home_us=1000, receipt_us=2000, head_us=100)


def test_the_last_screen_waits_for_the_frames_of_its_own_process_only() -> None:
    one, four = (publish(Shape(20_000, processes, visible=0), PLAIN).last_screen for processes in (1, 4))
    assert one == pytest.approx(20_000 * 10e-6, abs=0.02)
    assert four == pytest.approx(5_000 * 10e-6, abs=0.02)


def test_receipts_take_as_long_as_their_process_and_hold_up_pages() -> None:
    found: Outcome = publish(Shape(2_000, 1, visible=0.5), PLAIN)
    assert found.last_receipt == pytest.approx(2_000 * 2000e-6, rel=0.15)  # two for each of a thousand pages
    quiet = publish(Shape(2_000, 1, visible=0), PLAIN)
    assert quiet.page_p95 < 0.01 < found.page_worst


def test_the_row_of_the_feed_is_shared_by_all_processes() -> None:
    slow_row = Costs(delivery_us=1, receipt_us=1, head_us=1000, page_home_us=1)
    assert publish(Shape(4_000, 8, visible=0.5), slow_row).last_receipt == pytest.approx(4.0, rel=0.1)


def test_spreading_and_writing_together_take_the_load_off() -> None:
    crowd = Shape(10_000, 2, visible=0.4)
    as_it_is = publish(crowd, PLAIN)
    together = publish(
        Shape(10_000, 2, visible=0.4, receipts_at_once=20), Costs(**{**PLAIN.__dict__, "receipt_us": 100})
    )
    spread = publish(Shape(10_000, 2, visible=0.4, receipts_spread_seconds=60), PLAIN)
    assert together.last_receipt < as_it_is.last_receipt / 2
    assert spread.page_p95 < as_it_is.page_p95 / 2


def test_reconnects_and_mails() -> None:
    died = reconnect(Shape(4_000, 2), PLAIN)
    assert died == pytest.approx(0.25 + 2.0, abs=0.3)
    assert reconnect(Shape(4_000, 2), PLAIN, over_seconds=8) == pytest.approx(8.5, abs=0.3)
    assert mails_hours(3_600_000, 2, Costs(mail_us=2000)) == pytest.approx(1.0)


def test_measured_costs_take_the_place_of_the_assumed_ones(tmp_path: Path) -> None:
    assert Costs.measured(tmp_path / "none.json") == Costs()
    path = tmp_path / "costs.json"
    path.write_text(json.dumps({"figures": {"delivery_us": 5, "page_queue_us": 9, "mail_us": None, "connections": 7}}))
    assert Costs.measured(path) == Costs(delivery_us=5)
