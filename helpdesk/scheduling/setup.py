"""What the scheduling room puts into the application: the pause of the outbox as something to be told, and figures."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from helpdesk.core import clock
from helpdesk.core.database import db
from helpdesk.scheduling import queries


def init_app(app: Flask) -> None:
    state = app.extensions["helpdesk"]
    state.degraded["outbox"] = queries.find_outbox_pause
    state.figures.append(_figures)


def _figures() -> Iterator[Metric]:
    """Of the whole installation: every process gives the same ones."""
    now = clock.now()
    backlog = queries.count_backlog(now)
    beat = queries.find_last_beat(now)
    paused = queries.find_outbox_pause() is not None
    db.session.rollback()
    gauge = GaugeMetricFamily
    yield gauge("helpdesk_outbox_waiting", "Effects that are due and not done.", backlog.waiting)
    yield gauge("helpdesk_outbox_oldest_seconds", "For how long the oldest of them is due.", backlog.oldest_seconds)
    yield gauge("helpdesk_outbox_later", "Effects that are due later, such as after a failure.", backlog.later)
    yield gauge("helpdesk_outbox_dead", "Effects that were given up.", backlog.dead)
    yield gauge("helpdesk_outbox_paused", "1 while the outbox is paused after a restore.", float(paused))
    if beat is not None:
        age = max(0.0, (now - beat).total_seconds())
        yield gauge("helpdesk_worker_age_seconds", "Since any worker last gave a sign of life.", age)
