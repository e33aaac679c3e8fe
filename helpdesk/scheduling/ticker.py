"""The ticker: asks every registered job "what is due?" once in its period. APScheduler is a mere metronome.

What is true and what is due stands in the database, so any number of processes may tick.
"""

from __future__ import annotations

import logging
import os
import socket
import time
import uuid
from collections.abc import Iterator
from datetime import datetime

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask
from prometheus_client import Counter
from prometheus_client.core import GaugeMetricFamily

from helpdesk.core import clock, failpoints
from helpdesk.hooks.specs import Job
from helpdesk.scheduling import actions, queries, rules

log = structlog.get_logger(__name__)

JOB_FAILURES = Counter("helpdesk_job_failures", "Jobs of the ticker that raised", ["job"])


def worker_name() -> str:
    """Names this process among all of the installation."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}"


class Ticker:
    """Runs the jobs of one application. `start` begins ticking once a second, `stop` ends it."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._state = app.extensions["helpdesk"]
        self._worker = worker_name()
        self._last: dict[str, datetime] = {}
        self._ticked: float | None = None  # monotonic: a clock that jumps is not a stuck ticker
        self._scheduler = BackgroundScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
        )

    def start(self) -> None:
        logging.getLogger("apscheduler").setLevel(logging.WARNING)  # it writes two lines for every tick
        self._ticked = time.monotonic()
        self._state.figures.append(self._figures)
        self._state.health["ticker"] = self._state.pulse["ticker"] = self.find_problem
        self._scheduler.add_job(self.tick, "interval", seconds=1, id="tick")
        self._scheduler.start()

    def stop(self) -> None:
        """Tick no more; a running job may end by itself. Takes back the sign of life."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        try:
            with self._app.app_context():
                actions.leave(self._worker)
        except Exception:
            log.warning("the sign of life could not be taken back", exc_info=True)

    def tick(self) -> int:
        """Ask every job whose period has passed. How much they did. Never raises."""
        failpoints.hit("tick")
        done = 0
        for job in [Job("scheduling.beat", self._beat, rules.BEAT_SECONDS), *self._state.jobs]:
            with structlog.contextvars.bound_contextvars(request_id=uuid.uuid4().hex, job=job.name):
                try:
                    done += self._ask(job)
                except Exception:
                    JOB_FAILURES.labels(job.name).inc()
                    log.exception("job failed")
            self._ticked = time.monotonic()  # after each: many slow jobs, as without a database, are no standstill
        return done

    def _ask(self, job: Job) -> int:
        with self._app.app_context():
            now = clock.now()
            if not rules.is_due(self._last.get(job.name), now, job.every_seconds):
                return 0
            self._last[job.name] = now
            return job.run(now) or 0

    def _beat(self, now: datetime) -> int:
        actions.beat(self._worker, now)
        return 0

    def _figures(self) -> Iterator[GaugeMetricFamily]:
        yield GaugeMetricFamily("helpdesk_ticker_age_seconds", "Since this process's ticker last ran.", self.age())

    def age(self) -> float:
        """How many seconds ago it ticked last."""
        return time.monotonic() - (self._ticked or 0)

    def find_problem(self) -> str | None:
        """What is wrong with the ticker of this process, for the health page."""
        silent = self.age()
        return f"the ticker is silent for {silent:.0f} s" if silent > rules.STALE_SECONDS else None


def find_problem_elsewhere() -> str | None:
    """What is wrong with the tickers of all processes, judged by the newest sign of life. Needs an app context."""
    now = clock.now()
    last = queries.find_last_beat(now)
    if not rules.is_stale(last, now):
        return None
    return "no worker has given a sign of life" + (f" since {last:%Y-%m-%d %H:%M:%S} UTC" if last else "")


def run_jobs(app: Flask) -> int:
    """Ask every job once, at the app's clock, whatever its period, and wait for it. How much they did.

    For tests and the demonstration data: the first job that fails raises.
    """
    done = 0
    for job in app.extensions["helpdesk"].jobs:
        with app.app_context():
            done += job.run(clock.now()) or 0
    return done
