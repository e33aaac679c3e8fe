"""Follows the feed: one loop of each web process that tells its own sockets what became different for them.

Only this loop computes boards and sends them, so an older board can never overtake a newer one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from flask import Flask

from helpdesk.core import clock, failpoints, feed
from helpdesk.core.feed import Change, Head
from helpdesk.hooks.specs import Board
from helpdesk.realtime import boards, figures, queries, rules
from helpdesk.realtime.connections import Connection

if TYPE_CHECKING:
    from helpdesk.realtime.live import Live

log = structlog.get_logger(__name__)

GATHER_SECONDS = 0.02  # connects that come together share one look at the boards
# When so many shared the last look, more are coming: look less often, as each look reads where the feed stands.
STORMS = ((40, 0.25), (10, 0.1))
CHANGES_AT_ONCE = 5000


class Follower:
    """`start` begins the loop; `step` does one round of it, which is all that tests need."""

    def __init__(self, live: Live) -> None:
        from helpdesk.realtime.presence import Presence

        self._live = live
        self.presence = Presence(live)
        self.head: Head | None = None
        self._wake = threading.Event()
        self._stopping = False
        self._task: Any = None
        self._pending: list[str] = []
        self._greeted = 0
        self._next_change: datetime | None = None
        self._is_planned = False
        self._last_now: datetime | None = None
        self._read_at = float("-inf")
        self._stepped_at: float | None = None
        self._turned_at = float("-inf")
        self._presence_at = self._sessions_at = self._queue_at = float("-inf")
        self._is_queue_news = False
        self._staff_news: set[tuple[str, str]] = set()
        self._messages_at = float("-inf")
        self._beat = int(time.monotonic())

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
                self._live.server.sleep(
                    next((seconds for shared, seconds in STORMS if self._greeted >= shared), GATHER_SECONDS)
                )
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
            if self._task is not None:
                self.beat(now, now_seconds)
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
                self._apply(changes, now)
        elif self._changed_by_time(now):
            self._tell(self._live.connections.all(), now)

    def _changed_by_time(self, now: datetime) -> bool:
        if self._last_now is not None and now < self._last_now - timedelta(seconds=1):
            return True  # the clock was set back
        return self._next_change is not None and now >= self._next_change

    def _start_afresh(self, now: datetime, *, is_first: bool) -> None:
        """Nothing that is remembered counts any more: everybody is checked again and gets the whole board."""
        self._live.directory.forget_all()
        self._check_sessions(self._live.connections.all(), now)
        self._is_planned = False
        for connection in self._live.connections.all():
            if connection.board is not None or not is_first:
                self._pending.append(connection.sid)
        if not self._live.connections.all():
            self._plan(now)

    def _apply(self, changes: list[Change], now: datetime) -> None:
        self._forget(changes, now)
        users = rules.concerned_users((change.topic, change.ref) for change in changes)
        if self._changed_by_time(now):
            users = None  # telling some plans the next look at the time, so everybody is told what it changed
        connections = self._live.connections
        if users is None or users:
            self._tell(connections.all() if users is None else connections.of_users(users), now)
            figures.note_delivered(changes, clock.now())
        self._tell_staff([change for change in changes if change.topic == "ticket"])
        self._staff_news.update((change.topic, change.ref) for change in changes)

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

    # --- boards --------------------------------------------------------------------------------------------------

    def _plan(self, now: datetime) -> None:
        self._next_change, self._is_planned = boards.next_change(self._live.state.plugins, now), True

    def _boards(self, user_ids: Collection[int], now: datetime) -> dict[int, Board] | None:
        """Their boards, equal ones as one object; None when a plugin failed: what was sent stays."""
        try:
            found = boards.boards_of(self._live.state.plugins, user_ids, now)
        except boards.BoardsFailed:
            self._next_change = now + timedelta(seconds=1)  # try again soon
            return None
        pool: dict[str, Board] = {}
        return {user_id: pool.setdefault(board.tag, board) for user_id, board in found.items()}

    def _tell(self, connections: list[Connection], now: datetime) -> None:
        """Send each of these what is different on its board since it was last told."""
        self._plan(now)
        greeted = [c for c in connections if c.board is not None]
        found = self._boards({c.user_id for c in greeted}, now)
        if found is None:
            return
        steps: dict[tuple[str, str], tuple[Board, Board, list[Connection]]] = {}
        for connection in greeted:
            old, new = connection.board, found[connection.user_id]
            if old is not None and old.tag != new.tag:
                steps.setdefault((old.tag, new.tag), (old, new, []))[2].append(connection)
                connection.board = new
        self._send(list(steps.values()), now)

    def _send(self, steps: list[tuple[Board, Board, list[Connection]]], now: datetime) -> None:
        """One emit for each distinct payload, to everybody who gets it."""
        assert self.head is not None
        retired: dict[tuple[int, int, str], list[Connection]] = {}
        changed: list[tuple[Any, list[Connection]]] = []
        for old, new, connections in steps:
            difference = rules.compare(old, new)
            if difference.gone:
                # People who go from the same board to the same board lose the same banners for the same reasons.
                first = connections[0].user_id
                reasons = boards.retirements_of(self._live.state.plugins, first, difference.gone, now, self.head.seq)
                for item in reasons.values():
                    retired.setdefault((item.id, item.version, item.reason), []).extend(connections)
            for banner in difference.changed:
                for other, receivers in changed:
                    if other is banner or other == banner:
                        receivers.extend(connections)
                        break
                else:
                    changed.append((banner, list(connections)))
        at = {"epoch": self.head.epoch, "seq": self.head.seq}
        for (banner_id, version, reason), connections in retired.items():
            self._live.emit("retire", {**at, "id": banner_id, "version": version, "reason": reason}, connections)
        for banner, connections in changed:
            self._live.emit("banner", {**at, "banner": banner}, connections)

    def _greet_pending(self, now: datetime) -> None:
        pending, self._pending, self._greeted = self._pending, [], len(self._pending)
        connections = [c for c in (self._live.connections.find(sid) for sid in dict.fromkeys(pending)) if c is not None]
        if not connections:
            return
        if not self._is_planned:
            self._plan(now)
        # Those whose sessions were just read come next: plugins may read what they need of all of them at once.
        found = self._boards({c.user_id for c in connections} | self._live.directory.take_fresh(), now)
        if found is None:
            self._pending.extend(connection.sid for connection in connections)
            return
        groups: dict[str, tuple[Board, list[Connection]]] = {}
        for connection in connections:
            board = connection.board = found[connection.user_id]
            groups.setdefault(board.tag, (board, []))[1].append(connection)
        for board, receivers in groups.values():
            self._live.emit("board", {**self._stamp(board, now), "banners": list(board.banners)}, receivers)

    def _stamp(self, board: Board, now: datetime) -> dict[str, Any]:
        assert self.head is not None
        return {"epoch": self.head.epoch, "seq": self.head.seq, "tag": board.tag, "server_time": now.isoformat()}

    # --- the rest ------------------------------------------------------------------------------------------------

    def beat(self, now: datetime, now_seconds: float) -> None:
        """Each socket hears the tag of its own board every 20 s; they are spread over them."""
        due = {second % rules.HEARTBEAT_SECONDS for second in range(self._beat + 1, int(now_seconds) + 1)}
        self._beat = int(now_seconds)
        if not due:
            return
        groups: dict[str, tuple[Board, list[Connection]]] = {}
        for connection in self._live.connections.all():
            board = connection.board
            if board is not None and hash(connection.sid) % rules.HEARTBEAT_SECONDS in due:
                groups.setdefault(board.tag, (board, []))[1].append(connection)
        for board, connections in groups.values():
            self._live.emit("tick", self._stamp(board, now), connections)

    def _tell_staff(self, changes: list[Change]) -> None:
        staff = self._live.connections.staff()
        if not changes or not staff:
            return
        ids = {int(change.ref) for change in changes if change.ref.isdigit()}
        for number, version in queries.ticket_versions(ids).values():
            self._live.emit("ticket", {"number": number, "version": version}, staff)
        self._is_queue_news = True

    def _tell_plugin_news(self, now: datetime) -> None:
        """What plugins have to say to the staff connected here because of the latest changes."""
        changes, self._staff_news = sorted(self._staff_news), set()
        staff = self._live.connections.staff()
        if not staff:
            return
        for messages in self._live.state.plugins.collect("staff_messages", changes=changes, now=now):
            for event, payload in messages:
                self._live.emit(event, payload, staff)

    def _keep_house(self, now: datetime, now_seconds: float) -> None:
        self._live.server.reap()
        if self._is_queue_news and now_seconds - self._queue_at >= rules.QUEUE_SECONDS:
            self._queue_at, self._is_queue_news = now_seconds, False
            self._live.emit("queue", {}, self._live.connections.staff())
        if self._staff_news and now_seconds - self._messages_at >= rules.QUEUE_SECONDS:
            self._messages_at = now_seconds
            self._tell_plugin_news(now)
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
