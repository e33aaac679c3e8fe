"""Wake-ups through a real Redis: heard by the others, impossible to forge anything with, and never needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis import Redis

from helpdesk.realtime.wake import CHANNEL, WakeUps
from tests.waiting import wait_until


def spawn(target: Callable[[], None]) -> Any:
    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    return thread


@pytest.fixture
def make() -> Iterator[Callable[[str], WakeUps]]:
    made: list[WakeUps] = []

    def create(url: str) -> WakeUps:
        made.append(WakeUps(url))
        return made[-1]

    yield create
    for wake_ups in made:
        wake_ups.stop()


def test_a_poke_is_heard_elsewhere_and_nothing_else_is(redis_url: str, make: Callable[[str], WakeUps]) -> None:
    heard: list[int] = []
    listener, speaker = make(redis_url), make(redis_url)
    listener.start(spawn, lambda: heard.append(1))
    wait_until(lambda: heard, "it listens")  # it looks once by itself when it begins
    with Redis.from_url(redis_url) as client:
        for forged in (b"", b"wake up", b'{"method": "emit"}', b"\x80\x04."):
            assert client.publish(CHANNEL, forged) == 1
    speaker.start(spawn, None)
    speaker.poke()
    wait_until(lambda: len(heard) > 1, "the poke is heard")
    assert len(heard) == 2, "what was forged came before it"


def test_without_redis_a_poke_costs_nothing_and_the_problem_is_named(make: Callable[[str], WakeUps]) -> None:
    wake_ups = make("redis://127.0.0.1:1/0")
    wake_ups.start(spawn, lambda: None)
    wake_ups.poke()
    wait_until(wake_ups.find_problem, "the problem is named")
