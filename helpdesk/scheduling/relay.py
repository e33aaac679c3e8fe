"""The relay: takes effects out of the outbox, performs them, and marks them. At least once each.

Rows of the handler channel run one after the other in the order of their events; other channels (mail, webhooks) wait
for the network and run several at a time.
"""

from __future__ import annotations

import queue
import random
import threading
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from flask import Flask
from prometheus_client import Counter

from helpdesk.core import clock, events, failpoints, outbox
from helpdesk.core.outbox import GiveUp, Item, NotNow, NotWanted, OutboxState
from helpdesk.scheduling import leases, queries, rules
from helpdesk.scheduling.ticker import worker_name

log = structlog.get_logger(__name__)

BATCH = 50
MESSENGERS = 8  # deliveries that wait for the network at the same time
MOST_WAITING = 200  # leased but not begun: more would outlive their lease
FRESH_SECONDS = 15  # a delivery that begins by then ends within the lease
LAST_SECONDS = 10  # for what is under way when the process stops
SAFE_SECONDS = outbox.LEASE_SECONDS - 15  # what is not begun by then is left to the next lease

EFFECTS = Counter("helpdesk_outbox_effects", "Effects taken out of the outbox", ["channel", "outcome"])


class Relay:
    """Performs the effects of one application. `start` begins, `wake` hurries, `stop` ends it."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._state = app.extensions["helpdesk"]
        self.worker = f"{worker_name()}:{uuid.uuid4().hex[:6]}"[-64:]
        self._wake = threading.Event()
        self._stopping = False
        self._busy: set[str] = set()  # effects that are under way
        self._left: list[str] = []  # leased, not begun, and for others to have
        self._turned = float("-inf")
        self._last_now: datetime | None = None
        self._waiting: queue.Queue[tuple[Item, float]] = queue.Queue()
        self._loops: threading.Thread | None = None

    def start(self) -> None:
        self._state.outbox_listeners.append(self.wake)
        self._turned = time.monotonic()
        self._state.health["relay"] = self._state.pulse["relay"] = self.find_problem
        self._loops = threading.Thread(target=self._loop, name="relay", daemon=True)
        self._loops.start()
        for number in range(MESSENGERS):
            threading.Thread(target=self._messenger, name=f"relay-{number}", daemon=True).start()

    def wake(self) -> None:
        """Look into the outbox now."""
        self._wake.set()

    def find_problem(self) -> str | None:
        """What is wrong with the relay of this process. A batch of handlers may rightly take almost a lease."""
        silent = time.monotonic() - self._turned
        return f"the outbox was not read for {silent:.0f} s" if silent > outbox.LEASE_SECONDS else None

    def stop(self) -> None:
        """Take nothing more, let what is under way end, and give back what was not begun.

        So a restart neither sends a mail twice nor holds one up.
        """
        self._stopping = True
        self._state.outbox_listeners.remove(self.wake)
        self._wake.set()
        end = time.monotonic() + LAST_SECONDS
        if self._loops is not None:
            self._loops.join(LAST_SECONDS)  # it may be about to lease some more
        while self._busy and time.monotonic() < end:
            time.sleep(0.02)
        try:
            with self._app.app_context():
                outbox.give_back(self.worker, list(self._busy))
        except Exception:  # the leases run out by themselves
            log.warning("what was not begun could not be given back", exc_info=True)

    def _loop(self) -> None:
        while not self._stopping:
            self._turned = time.monotonic()
            try:
                self._watch_clock()
                self._return_left()
                found = self._take()
            except Exception:  # such as a database that is away: look again in a second
                log.exception("the outbox could not be read")
                found = 0
            if found < BATCH:
                self._wake.wait(1.0)
                self._wake.clear()

    def _watch_clock(self) -> None:
        """Nothing waits for hours because the clock was set back, at the start or meanwhile."""
        with self._app.app_context():
            now = clock.now()
            if self._last_now is None or now < self._last_now - timedelta(seconds=1):
                leases.catch_up(now)
            self._last_now = now

    def _take(self) -> int:
        """Lease what is due, hand on what needs the network, handle the rest. How many rows were leased."""
        if self._waiting.qsize() > MOST_WAITING:
            return 0
        items = self.lease()
        began = time.monotonic()
        handlers = [item for item in items if item.channel == outbox.HANDLER_CHANNEL]
        for item in items:
            if item.channel != outbox.HANDLER_CHANNEL:
                self._waiting.put((item, began))
        for number, item in enumerate(handlers):
            if self._stopping or time.monotonic() - began > SAFE_SECONDS:
                break
            if not self.perform(item):  # such as without a database: the others would fail as well
                self._left = [one.id for one in handlers[number + 1 :]]
                return 0
        return len(items)

    def _return_left(self) -> None:
        """So that nothing waits for a lease to run out when the database is there again."""
        if self._left:
            with self._app.app_context():
                leases.give_back(self._left, self.worker)
            self._left = []

    def _messenger(self) -> None:
        while not self._stopping:
            item, began = self._waiting.get()
            if not self._stopping and self._is_ours(item, time.monotonic() - began):
                self.perform(item)

    def _is_ours(self, item: Item, seconds: float) -> bool:
        """Whether the lease, taken so many seconds ago, covers a delivery that begins now; a late one is renewed."""
        if seconds < FRESH_SECONDS:
            return True
        try:
            with self._app.app_context():
                return seconds < SAFE_SECONDS and leases.renew(item, self.worker, clock.now())
        except Exception:  # left to the next lease
            log.warning("a lease could not be renewed", effect=item.id, exc_info=True)
            return False

    def lease(self) -> list[Item]:
        """Up to `BATCH` due rows, which are now ours for the time of the lease."""
        with self._app.app_context():
            now = clock.now()
            return outbox.lease(self.worker, BATCH, now) if queries.has_due_effects(now) else []

    def perform(self, item: Item) -> bool:
        """Perform one leased effect in an app context of its own, and mark it. False when that could not be done."""
        # What is written about it, and what it queues in turn, carries the id of the request that caused it.
        bind = structlog.contextvars.bound_contextvars
        with bind(request_id=item.request_id or uuid.uuid4().hex, effect=item.id):
            self._busy.add(item.id)
            try:
                return self._stopping or self._perform(item)  # when it stops, it is given back by now
            finally:
                self._busy.discard(item.id)

    def _perform(self, item: Item) -> bool:
        try:
            with self._app.app_context():
                error = self._attempt(item)
            failpoints.hit("before_mark")
            with self._app.app_context():
                now = clock.now()
                outcome = self._mark(item, error, now)
            # The loop may never have seen this time, and what was put off by it must not wait for it after all.
            self._last_now = max(now, self._last_now or now)
        except Exception:  # not marked: it is done again when the lease is over
            EFFECTS.labels(item.channel, "unmarked").inc()
            log.exception("an effect could not be marked")
            return False
        EFFECTS.labels(item.channel, outcome).inc()
        return True

    def _attempt(self, item: Item) -> Exception | None:
        try:
            self._find_performer(item)()
        except (NotWanted, NotNow) as error:
            return error
        except Exception as error:
            is_surprise = not isinstance(error, OSError | GiveUp)  # a network that fails needs no traceback
            log.warning(
                "an effect failed", channel=item.channel, attempt=item.attempts,
                error=f"{type(error).__name__}: {error}", exc_info=is_surprise,
            )  # fmt: skip
            return error
        return None

    def _find_performer(self, item: Item) -> Callable[[], None]:
        if item.channel != outbox.HANDLER_CHANNEL:
            deliver = self._state.deliverers.get(item.channel)
            if deliver is None:
                raise GiveUp(f"nothing delivers {item.channel!r}: is a plugin missing?")
            return lambda: deliver(item)
        name, payload = item.payload["event"], item.payload["data"]
        handlers = dict(self._state.handlers.get(name, ()))
        if item.recipient not in handlers:
            raise GiveUp(f"nothing is called {item.recipient!r}: is a plugin missing?")
        event: Any = events.from_payload(name, payload)
        return lambda: handlers[item.recipient](event, item.event_id)

    def _mark(self, item: Item, error: Exception | None, now: datetime) -> str:
        text = None if error is None else f"{type(error).__name__}: {error}"[:2000]
        if error is None:
            state = OutboxState.done
        elif isinstance(error, NotWanted):
            state = OutboxState.dropped
        elif isinstance(error, GiveUp):
            state = OutboxState.dead
        else:
            seconds = rules.wait_seconds(item.attempts, random.random())
            if isinstance(error, NotNow):
                seconds = error.seconds * (1 + random.random() / 4)
            until = now + timedelta(seconds=seconds)
            return "dead" if outbox.postpone(item, self.worker, until, str(text)) is OutboxState.dead else "failed"
        outbox.finish(item, self.worker, state, now, text)
        return state.value


def run_until_idle(app: Flask, most: int = 10_000) -> int:
    """Perform everything that is due at the app's clock, one by one, until nothing is. How many effects.

    Failed ones are due later and stay. For tests and the demonstration data. Raises RuntimeError after `most`.
    """
    relay = Relay(app)
    done = 0
    while items := relay.lease():
        for item in items:
            relay.perform(item)
        done += len(items)
        if done >= most:
            raise RuntimeError(f"{done} effects and no end: something feeds itself")
    return done
