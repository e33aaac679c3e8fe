"""The ticker: every job in its period, whatever becomes of the others."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask

from helpdesk.core.clock import FixedClock
from helpdesk.hooks.specs import Job
from helpdesk.scheduling import queries
from helpdesk.scheduling.ticker import JOB_FAILURES, Ticker, find_problem_elsewhere, run_jobs
from tests.waiting import wait_until


def test_jobs_run_in_their_period(app: Flask, clock: FixedClock) -> None:
    runs: list[tuple[str, datetime]] = []

    def job(name: str, seconds: int) -> Job:
        return Job(name, lambda now: runs.append((name, now)) or 1, seconds)  # type: ignore[func-returns-value]

    app.extensions["helpdesk"].jobs[:] = [job("often", 1), job("seldom", 60)]
    ticker = Ticker(app)
    start = clock.now()
    ticker.tick()
    ticker.tick()
    assert runs == [("often", start), ("seldom", start)]
    clock.advance(seconds=1)
    ticker.tick()
    assert runs[2:] == [("often", clock.now())]
    clock.advance(seconds=59)
    ticker.tick()
    assert [name for name, _at in runs[3:]] == ["often", "seldom"]


def test_a_clock_set_back_does_not_stop_the_jobs(app: Flask, clock: FixedClock) -> None:
    runs: list[datetime] = []
    app.extensions["helpdesk"].jobs[:] = [Job("hourly", lambda now: runs.append(now) or 1, 3600)]  # type: ignore[func-returns-value]
    ticker = Ticker(app)
    ticker.tick()
    clock.advance(hours=-5)
    ticker.tick()
    assert len(runs) == 2


def test_a_job_that_raises_is_counted_and_stops_no_other(app: Flask) -> None:
    runs: list[datetime] = []

    def fail(_now: datetime) -> int:
        raise RuntimeError("broken")

    before = JOB_FAILURES.labels("broken")._value.get()
    app.extensions["helpdesk"].jobs[:] = [Job("broken", fail), Job("good", lambda now: runs.append(now) or 1)]  # type: ignore[func-returns-value]
    assert Ticker(app).tick() == 1
    assert len(runs) == 1
    assert JOB_FAILURES.labels("broken")._value.get() == before + 1
    with pytest.raises(RuntimeError, match="broken"):
        run_jobs(app)


def test_many_slow_jobs_are_no_standstill(app: Flask) -> None:
    problems: list[str | None] = []

    def slow(_now: datetime) -> int:
        ticker._ticked = (ticker._ticked or 0) - 6  # as if it had taken so long
        return 1

    def look(_now: datetime) -> int:
        problems.append(ticker.find_problem())
        return 1

    app.extensions["helpdesk"].jobs[:] = [Job("slow", slow), Job("next", look)]
    ticker = Ticker(app)
    ticker.tick()
    assert problems == [None]


@pytest.mark.both_databases
def test_the_sign_of_life_is_seen_by_other_processes(app: Flask, clock: FixedClock) -> None:
    app.extensions["helpdesk"].jobs[:] = []
    with app.app_context():
        assert "no worker" in (find_problem_elsewhere() or "")
    ticker = Ticker(app)
    ticker.tick()
    with app.app_context():
        assert find_problem_elsewhere() is None
    clock.advance(seconds=6)
    with app.app_context():
        assert "since 2026-03-12 09:00:00" in (find_problem_elsewhere() or "")
    ticker.tick()
    with app.app_context():
        assert find_problem_elsewhere() is None
    clock.advance(hours=-2)
    with app.app_context():  # what it gave before the clock was set back says nothing about now
        assert find_problem_elsewhere() == "no worker has given a sign of life"
    ticker.tick()
    with app.app_context():
        assert find_problem_elsewhere() is None
    ticker.stop()
    with app.app_context():
        assert queries.find_last_beat(clock.now()) is None


def test_a_started_ticker_ticks_and_stops(app: Flask) -> None:
    runs: list[datetime] = []
    app.extensions["helpdesk"].jobs[:] = [Job("count", lambda now: runs.append(now) or 1)]  # type: ignore[func-returns-value]
    ticker = Ticker(app)
    ticker.start()
    try:
        wait_until(lambda: runs, "the first tick")
        assert app.extensions["helpdesk"].health["ticker"]() is None
    finally:
        ticker.stop()


def test_a_ticker_that_hangs_is_found(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    app.extensions["helpdesk"].jobs[:] = []
    ticker = Ticker(app)
    ticker.tick()
    assert ticker.find_problem() is None
    ticker._ticked = (ticker._ticked or 0) - 6
    assert "silent for 6 s" in (ticker.find_problem() or "")
