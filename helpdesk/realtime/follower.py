"""Follows the feed: one loop of each web process that tells its own sockets what became different for them.

Only this loop computes boards and sends them, so an older board can never overtake a newer one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from flask import Flask

from helpdesk.core import clock, failpoints, feed
from helpdesk.core.feed import Change, Head
from helpdesk.realtime import boards, figures, queries, rules
from helpdesk.realtime.connections import Connection
from helpdesk.realtime.staff import StaffNews
from helpdesk.realtime.telling import Teller

if TYPE_CHECKING:
    from helpdesk.realtime.live import Live

log = structlog.get_logger(__name__)

GATHER_SECONDS = 0.02  # connects that come together share one look at the boards
STORM_SECONDS = 0.25  # and wait so long for others that come, as each look reads where the feed stands
CHANGES_AT_ONCE = 5000


class Follower:
    """`start` begins the loop; `step` does one round of it, which is all that tests need."""

    def __init__(self, live: Live) -> None:
        from helpdesk.realtime.presence import Presence

        self._live = live
        self.presence = Presence(live)
        self.teller = Teller(live)
        self.staff_news = StaffNews(live)
        self.head: Head | None = None
        self._wake = threading.Event()
        self._stopping = False
        self._task: Any = None
        self._pending: list[str] = []
        self._next_change: datetime | None = None
        self._is_planned = False
        self._is_behind = False  # a plugin failed: somebody was not told what changed
        self._last_now: datetime | None = None
        self._read_at = float("-inf")
        self._stepped_at: float | None = None
        self._turned_at = float("-inf")
        self._presence_at = self._sessions_at = float("-inf")

    # --- the loop ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Follow until `stop`. Health knows the feed from now on."""
        self._stepped_at = self._turned_at = time.monotonic()
        self._live.state.health["feed"] = self.find_problem
        self._live.state.pulse["feed"] = self.find_standstill
        self._task = self._live.server.start_background_task(self._run)

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            self._task.join(timeout=5)
            self._task = None
            try:
                with self._live.app.app_context():
                    self.presence.leave()
            except Exception:
                log.warning("presence could not be taken back", exc_info=True)

    def poke(self) -> None:
        """Look at the feed now. Cheap, and safe from any thread."""
        self._read_at = float("-inf")
        self._wake.set()

    def poke_first(self) -> None:
        """After a commit: look at the feed, and let the loop run before whoever committed goes on. Screens must not
        wait until an answer is written.
        """
        self.poke()
        if self._task is not None:
            self._live.server.sleep(0)

    def greet(self, sid: str) -> None:
        """Send this socket its whole board, at once where no loop runs."""
        self._pending.append(sid)
        if self._task is None:
            self.step()
        else:
            self._wake.set()

    def age(self) -> float:
        """How many seconds ago the feed was read last."""
        return time.monotonic() - (self._stepped_at or 0)

    def find_problem(self) -> str | None:
        """What is wrong with the feed in this process, for the health page."""
        silent = self.age()
        return f"the feed was not read for {silent:.0f} s" if silent > rules.STALE_SECONDS else None

    def find_standstill(self) -> str | None:
        """Whether the loop hangs. One that fails, as without a database, still turns: a restart would not help."""
        silent = time.monotonic() - self._turned_at
        return f"the loop of the feed hangs since {silent:.0f} s" if silent > rules.STALE_SECONDS else None

    def _run(self) -> None:
        while not self._stopping:
            self._turned_at = time.monotonic()
            self._wake.wait(timeout=max(0.0, self._read_at + rules.POLL_SECONDS - time.monotonic()))
            self._wake.clear()
            if self._pending:
                self._gather()
            try:
                self.step()
            except Exception:
                log.exception("the feed could not be followed")
                self._live.server.sleep(0.5)

    def step(self) -> None:
        """One round: read the feed if it is time, tell what changed, greet who came, and keep house."""
        failpoints.hit("follower")
        now_seconds = time.monotonic()
        with self._live.app.app_context():
            now = clock.now()
            if now_seconds - self._read_at >= rules.POLL_SECONDS or self.head is None:
                self._read_at = now_seconds
                self._follow(now)
                self._stepped_at = time.monotonic()
            self._greet_pending(now)
            if self._task is not None and self.head is not None:
                self.teller.beat(self.head, now, now_seconds)
            self._keep_house(now, now_seconds)

    # --- what changed --------------------------------------------------------------------------------------------

    def _follow(self, now: datetime) -> None:
        head, before = feed.head(), self.head
        try:
            self._follow_from(before, head, now)
        except Exception:
            self.head = None  # what was passed was not told to the end: the next look starts afresh
            raise
        self._last_now = now

    def _follow_from(self, before: Head | None, head: Head, now: datetime) -> None:
        if before is None or head.epoch != before.epoch or head.seq < before.seq:
            self.head = head
            self._start_afresh(now, is_first=before is None)
        elif head.seq != before.seq:
            changes = feed.changes_since(before.seq, CHANGES_AT_ONCE)
            self.head = head
            if changes is None:
                self._start_afresh(now, is_first=False)
            else:
                self._apply(changes, before.seq, now)
        elif self._changed_by_time(now):
            self._tell(None, now)

    def _changed_by_time(self, now: datetime) -> bool:
        if self._last_now is not None and now < self._last_now - timedelta(seconds=1):
            return True  # the clock was set back
        return self._next_change is not None and now >= self._next_change

    def _start_afresh(self, now: datetime, *, is_first: bool) -> None:
        """Nothing that is remembered counts any more: everybody is checked again and gets the whole board."""
        self._live.directory.forget_all()
        self._check_sessions(self._live.connections.all(), now)
        self._is_planned = self._is_behind = False
        for connection in self._live.connections.all():
            if connection.board is not None or not is_first:
                self._pending.append(connection.sid)
        if not self._live.connections.all():
            self._plan(now)

    def _apply(self, changes: list[Change], since: int, now: datetime) -> None:
        self._forget(changes, now)
        mine, is_general = rules.concerned_users((change.topic, change.ref) for change in changes)
        users: set[int] | None = mine
        if is_general:
            others = boards.concerned_by(self._live.state.plugins, since)
            users = None if others is None else mine | others
        if self._is_behind or self._changed_by_time(now):
            users = None  # telling some plans the next look at the time, so everybody is told what it changed
        if users is None or users or is_general:
            self._tell(users, now)
            figures.note_delivered(changes, clock.now())
        self.staff_news.note(changes)

    def _forget(self, changes: list[Change], now: datetime) -> None:
        if any(change.topic == "departments" for change in changes):
            self._live.directory.forget_viewers()
        refs = [change.ref for change in changes if change.topic == "user"]
        if "" in refs:
            self._live.directory.forget_all()
            self._check_sessions(self._live.connections.all(), now)
        elif refs:
            users = {int(ref) for ref in refs}
            self._live.directory.forget_users(users)
            self._check_sessions(self._live.connections.of_users(users), now)

    def _check_sessions(self, connections: list[Connection], now: datetime) -> None:
        """Close the sockets whose session ended, whoever ended it and wherever. One query."""
        if not connections:
            return
        people = queries.people_of_sessions({c.session_id for c in connections}, now)
        for connection in connections:
            person = people.get(connection.session_id)
            if person is None:
                self._live.close(connection, "signed_out")
            else:
                connection.staff, connection.over_at = person.is_staff, person.over_at
                if not person.is_staff:
                    connection.watching = None

    def _gather(self) -> None:
        """Let those who come together be greeted together, and nobody wait once the others are in."""
        until, known = time.monotonic() + STORM_SECONDS, 0
        while len(self._pending) > known and time.monotonic() < until:
            known = len(self._pending)
            self._live.server.sleep(GATHER_SECONDS)

    # --- boards --------------------------------------------------------------------------------------------------

    def _plan(self, now: datetime) -> None:
        self._next_change, self._is_planned = boards.next_change(self._live.state.plugins, now), True

    def _tell(self, users: set[int] | None, now: datetime) -> None:
        """Tell the sockets of these people (None: of everybody) what is different on their boards."""
        assert self.head is not None
        connections = self._live.connections
        chosen = connections.all() if users is None else connections.of_users(users)
        if self.teller.tell(chosen, self.head, now):
            self._is_behind = self._is_behind and users is not None
            self._plan(now)  # after the frames, which need not wait for it
        else:
            self._is_behind, self._next_change = True, now + timedelta(seconds=1)  # try again soon

    def _greet_pending(self, now: datetime) -> None:
        pending, self._pending = self._pending, []
        connections = [c for c in (self._live.connections.find(sid) for sid in dict.fromkeys(pending)) if c is not None]
        if not connections or self.head is None:
            return
        if not self._is_planned:
            self._plan(now)
        # Those whose sessions were just read come next.
        if not self.teller.greet(connections, self._live.directory.take_fresh(), self.head, now):
            self._pending.extend(connection.sid for connection in connections)

    # --- the rest ------------------------------------------------------------------------------------------------

    def _keep_house(self, now: datetime, now_seconds: float) -> None:
        self._live.server.reap()
        self.staff_news.tell(now, now_seconds)
        if now_seconds - self._sessions_at >= rules.POLL_SECONDS:
            self._sessions_at = now_seconds
            self._check_sessions([c for c in self._live.connections.all() if c.over_at <= now], now)
        if self._task is not None and now_seconds - self._presence_at >= rules.PRESENCE_SECONDS:
            self._presence_at = now_seconds
            self.presence.save(now)
            self.presence.look_around(now)
        self.presence.tell()


def start(app: Flask) -> Callable[[], None]:
    """Follow the feed for the sockets of this process from now on. The function that stops it."""
    from helpdesk.realtime.live import live_of

    live = live_of(app)
    live.follower.start()
    if live.wake_ups is not None:
        live.wake_ups.start(live.server.start_background_task, live.follower.poke)

    def stop() -> None:
        if live.wake_ups is not None:
            live.wake_ups.stop()
        live.follower.stop()

    return stop


def start_waking(app: Flask) -> Callable[[], None]:
    """Let this process, which has no sockets, wake those that have some. The function that ends it."""
    from helpdesk.realtime.live import live_of

    live = live_of(app)
    if live.wake_ups is None:
        return lambda: None
    live.wake_ups.start(live.server.start_background_task, None)
    return live.wake_ups.stop
