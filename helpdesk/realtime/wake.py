"""Wake-ups between processes through Redis, if configured: they save up to a second, and nothing relies on them.

The only message is "wake"; whatever else stands in the channel is ignored, as anybody could have written it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:  # imported where Redis is configured only: it is large
    from redis import Redis

log = structlog.get_logger(__name__)

CHANNEL = "helpdesk:wake"
WAKE = b"wake"
PATIENCE_SECONDS = 2.0  # how long Redis may take to answer, and between attempts while it is away


class WakeUps:
    """Publishes this process's pokes and hears the others'. `start` takes what begins a background task."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._news = threading.Event()
        self._ended = threading.Event()
        self.problem: str | None = None

    def poke(self) -> None:
        """Wake the other processes soon. Only sets a flag: a request never waits for Redis."""
        self._news.set()

    def start(self, spawn: Callable[[Callable[[], None]], Any], on_wake: Callable[[], None] | None) -> None:
        """Publish from now on, and call `on_wake` when another process published."""
        spawn(self._publish)
        if on_wake is not None:
            spawn(lambda: self._listen(on_wake))

    def stop(self) -> None:
        self._ended.set()
        self._news.set()

    def find_problem(self) -> str | None:
        """For the health page: without Redis the others hear of a change up to a second later."""
        return self.problem

    def _connect(self) -> Redis:
        from redis import Redis

        return Redis.from_url(
            self._url, socket_connect_timeout=PATIENCE_SECONDS, socket_timeout=PATIENCE_SECONDS, retry=None
        )

    def _publish(self) -> None:
        from redis import RedisError

        client = self._connect()
        while not self._ended.is_set():
            self._news.wait()
            self._news.clear()
            try:
                client.publish(CHANNEL, WAKE)
                self.problem = None
            except (RedisError, OSError) as error:
                self._note(error)
        client.close()

    def _listen(self, on_wake: Callable[[], None]) -> None:
        from redis import RedisError

        while not self._ended.is_set():
            try:
                with self._connect().pubsub(ignore_subscribe_messages=True) as channel:  # type: ignore[no-untyped-call]
                    channel.subscribe(CHANNEL)
                    on_wake()  # what was published while nobody listened
                    self.problem = None
                    while not self._ended.is_set():
                        message = channel.get_message(timeout=1.0)
                        if message is not None and message.get("data") == WAKE:
                            on_wake()
            except (RedisError, OSError) as error:
                self._note(error)
                self._ended.wait(PATIENCE_SECONDS)

    def _note(self, error: Exception) -> None:
        if self.problem is None:
            log.warning(
                "redis cannot be reached; changes reach other processes within a second", kind=type(error).__name__
            )
        self.problem = "Redis cannot be reached: changes reach other processes up to a second later"
