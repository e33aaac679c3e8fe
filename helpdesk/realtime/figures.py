"""Figures of the live channel: how many are connected, how fresh the feed is, how long a change takes."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from prometheus_client import Histogram, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from helpdesk.core.feed import Change

if TYPE_CHECKING:
    from helpdesk.realtime.live import Live

DELIVERED = Histogram(
    "helpdesk_publish_seconds",
    "From a change of boards to its last frame being handed to the network by this process.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60),
)


def note_delivered(changes: Iterable[Change], now: datetime) -> None:
    """Every open page of this process has been told of these. The clocks of the machines are taken to agree."""
    for at in {change.at for change in changes if change.at is not None}:
        DELIVERED.observe(max(0.0, (now - at).total_seconds()))


def figures_of(live: Live) -> Iterator[Metric]:
    """What /metrics says about this live channel."""
    gauge = GaugeMetricFamily
    yield gauge("helpdesk_connections", "Accepted sockets of this process.", len(live.connections))
    people = len(live.connections.user_ids())
    yield gauge("helpdesk_connected_people", "People with at least one socket to this process.", people)
    if live.follower.head is not None:
        yield gauge("helpdesk_feed_age_seconds", "Since this process last read the feed.", live.follower.age())
        yield gauge("helpdesk_feed_seq", "The number of the feed that this process has told.", live.follower.head.seq)
    fast = sys.modules.get("helpdesk.realtime.fast")  # of the gevent mode only
    if fast is not None:
        frames = CounterMetricFamily("helpdesk_socket_frames", "Frames by how they left.", labels=["way"])
        for way in ("direct", "partial", "queued", "cut"):
            frames.add_metric([way], getattr(fast.Counts, way))
        yield frames
