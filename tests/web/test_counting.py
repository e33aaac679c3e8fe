"""The counters of the rate limits in one process."""

from __future__ import annotations

import threading

import pytest

from helpdesk.web import counting
from helpdesk.web.counting import ProcessStorage


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    moment = [1000.0]
    monkeypatch.setattr(counting.time, "time", lambda: moment[0])
    return moment


def test_counts_start_again_when_their_window_has_ended(at: list[float]) -> None:
    storage = ProcessStorage()
    assert [storage.incr("ana", 60) for _ in range(3)] == [1, 2, 3]
    at[0] += 59
    assert storage.incr("ana", 60) == 4
    assert storage.get_expiry("ana") == 1060
    at[0] += 1
    assert storage.get("ana") == 0
    assert storage.incr("ana", 60) == 1


def test_people_are_counted_apart_and_what_has_ended_is_swept_out(at: list[float]) -> None:
    storage = ProcessStorage()
    for number in range(100):
        storage.incr(f"person {number}", 10)
    assert storage.incr("bruno", 3600) == 1
    at[0] += counting.SWEEP_SECONDS
    storage.incr("carla", 10)
    assert storage.reset() == 2  # bruno and carla


def test_no_thread_is_started(at: list[float]) -> None:
    before = threading.active_count()
    storage = ProcessStorage()
    for _ in range(10):
        storage.incr("ana", 60)
    assert threading.active_count() == before
