"""Redis goes, hangs, forgets, and is written to by strangers: nobody waits, and nothing is lost or forged."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
import requests
from redis import Redis as Client

from helpdesk.realtime.wake import CHANNEL
from tests.faults.pages import Page
from tests.faults.processes import PROMISE_SECONDS, SLACK_SECONDS, START_SECONDS, Browser, Desk, full_form, size
from tests.faults.services import Redis
from tests.live import LiveServer
from tests.waiting import wait_until

LIMIT = PROMISE_SECONDS + SLACK_SECONDS


@pytest.fixture
def redis() -> Iterator[Redis]:
    server = Redis()
    yield server
    server.stop()


def readiness(server: LiveServer) -> tuple[int, list[str]]:
    answer = requests.get(f"{server.url}/readyz", timeout=10)
    return answer.status_code, answer.json().get("degraded", [])


@full_form
def test_an_outage_of_redis_costs_at_most_a_second(desk: Desk, redis: Redis) -> None:
    """Changes before, during and after it, down, hanging and flushed: the page of the other process shows each."""
    first, second = desk.servers(2, environment={"HELPDESK_REDIS_URL": redis.url})
    page = Page(Browser(second, desk.people.ana), lambda: second)
    try:
        wait_until(lambda: page.is_live and readiness(second) == (200, []), "it is ready", START_SECONDS)
        changes(desk, first, page, size(1, 15))
        redis.stop()
        changes(desk, first, page, size(1, 15))
        wait_until(lambda: readiness(first) == (200, ["redis"]), "its absence is named", LIMIT)
        redis.start()
        changes(desk, first, page, size(1, 15))
        wait_until(lambda: readiness(first)[1] == readiness(second)[1] == [], "it is used again", 10 + SLACK_SECONDS)
        go_on = redis.pause()
        slowest = changes(desk, first, page, size(1, 10))
        go_on()
        assert slowest < 1.5 + SLACK_SECONDS  # the time until rate limits are counted without it
        with Client.from_url(redis.url) as client:
            client.flushall()
        changes(desk, first, page, size(1, 5))
        assert "Traceback" not in first.log + second.log
        assert page.connects == 1
    finally:
        page.stop()


def changes(desk: Desk, server: LiveServer, page: Page, count: int) -> float:
    """Publish so often and look for each on the page. How long the slowest answer took, in seconds."""
    slowest = 0.0
    for _number in range(count):
        start = time.monotonic()
        announcement_id = desk.publish(server)
        slowest = max(slowest, (time.monotonic() - start) / 2)  # two requests
        wait_until(lambda i=announcement_id: page.times("banner", i) == 1, "it is shown", LIMIT)  # type: ignore[misc]
        desk.call(server, "POST", f"/announcements/{announcement_id}/withdraw", {})
    return slowest


@full_form
def test_what_strangers_write_to_redis_changes_nothing(desk: Desk, redis: Redis) -> None:
    """The channel carries one word; forged events, pickles and large values are not even looked at."""
    server = desk.server(environment={"HELPDESK_REDIS_URL": redis.url})
    page = Page(Browser(server, desk.people.ana), lambda: server)
    forged = {
        "method": "emit", "event": "banner", "namespace": "/live", "room": None, "host_id": "x",
        "data": [{"epoch": "x", "seq": 10**9, "banner": {"id": 1, "version": 10**9, "title": "Pay here"}}],
    }  # fmt: skip
    payloads = [json.dumps(forged).encode(), b"\x80\x04cposix\nsystem\n.", b"wake" * 2, b"x" * 2_000_000, b"", b"wake"]
    try:
        wait_until(lambda: page.is_live, "the page is live", START_SECONDS)
        with Client.from_url(redis.url) as client:
            for channel in (CHANNEL, "flask-socketio", "socketio"):
                for payload in payloads:
                    client.publish(channel, payload)
            client.set("x" * 1000, "y" * 1_000_000)
        last = desk.publish(server)
        wait_until(lambda: page.ids == [last], "the true one is shown", LIMIT)
        assert "Pay here" not in json.dumps([frame.data for frame in page.frames])
        assert {frame.name for frame in page.frames} <= {"board", "banner", "tick"}
        assert "Traceback" not in server.log
    finally:
        page.stop()
