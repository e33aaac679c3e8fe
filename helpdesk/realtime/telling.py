"""Boards on their way to sockets: what became different, the whole board for who has come, and its tag now and then."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from datetime import datetime
from typing import TYPE_CHECKING, Any

from helpdesk.core.feed import Head
from helpdesk.hooks.specs import Board
from helpdesk.realtime import boards, rules
from helpdesk.realtime.connections import Connection

if TYPE_CHECKING:
    from helpdesk.realtime.live import Live

Step = tuple[Board, Board, list[Connection]]  # the sockets that go from one board to another


class Teller:
    """Sends boards to the sockets of this process. Only the follower's loop calls it, one call after the other."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._beat = int(time.monotonic())

    def tell(self, connections: Iterable[Connection], head: Head, now: datetime) -> bool:
        """Send each of these what is different on its board since it was last told. False when a plugin failed: what
        was sent stays, and somebody has to try again.
        """
        greeted = [connection for connection in connections if connection.board is not None]
        found = self._boards({connection.user_id for connection in greeted}, now)
        if found is None:
            return False
        steps: dict[tuple[str, str], Step] = {}
        same: dict[str, Board] = {}  # equal boards become one object, as they stay in memory with their sockets
        for connection in greeted:
            old, new = connection.board, found[connection.user_id]
            if old is not None and old.tag != new.tag:
                step = steps.get((old.tag, new.tag))
                if step is None:
                    step = steps[old.tag, new.tag] = (old, same.setdefault(new.tag, new), [])
                step[2].append(connection)
                connection.board = step[1]
        self._send(list(steps.values()), head, now)
        return True

    def greet(self, connections: Sequence[Connection], others: Collection[int], head: Head, now: datetime) -> bool:
        """Send these their whole boards. `others` are people who come next: plugins may read what they need of all of
        them at once. False when a plugin failed.
        """
        found = self._boards({connection.user_id for connection in connections} | set(others), now)
        if found is None:
            return False
        groups: dict[str, tuple[Board, list[Connection]]] = {}
        for connection in connections:
            board = found[connection.user_id]
            board, receivers = groups.setdefault(board.tag, (board, []))
            connection.board = board
            receivers.append(connection)
        for board, receivers in groups.values():
            self._live.emit("board", {**_stamp(board, head, now), "banners": list(board.banners)}, receivers)
        return True

    def beat(self, head: Head, now: datetime, now_seconds: float) -> None:
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
            self._live.emit("tick", _stamp(board, head, now), connections)

    def _boards(self, user_ids: Set[int], now: datetime) -> Mapping[int, Board] | None:
        try:
            return boards.boards_of(self._live.state.plugins, user_ids, now)
        except boards.BoardsFailed:
            return None

    def _send(self, steps: Sequence[Step], head: Head, now: datetime) -> None:
        """One emit for each distinct payload, to everybody who gets it."""
        at = {"epoch": head.epoch, "seq": head.seq}
        retired: dict[tuple[int, int, str], list[Connection]] = {}
        changed: dict[str, tuple[Mapping[str, Any], list[Connection]]] = {}
        texts: dict[int, str] = {}  # of each banner by its identity: thousands may share one
        for old, new, connections in steps:
            difference = rules.compare(old, new)
            if difference.gone:
                # People who go from the same board to the same board lose the same banners for the same reasons.
                first = connections[0].user_id
                reasons = boards.retirements_of(self._live.state.plugins, first, difference.gone, now, head.seq)
                for item in reasons.values():
                    retired.setdefault((item.id, item.version, item.reason), []).extend(connections)
            for banner in difference.changed:
                text = texts.get(id(banner))
                if text is None:
                    text = texts[id(banner)] = json.dumps(banner, sort_keys=True)
                changed.setdefault(text, (banner, []))[1].extend(connections)
        for (banner_id, version, reason), connections in retired.items():
            self._live.emit("retire", {**at, "id": banner_id, "version": version, "reason": reason}, connections)
        for banner, connections in changed.values():
            self._live.emit("banner", {**at, "banner": banner}, connections)


def _stamp(board: Board, head: Head, now: datetime) -> dict[str, Any]:
    return {"epoch": head.epoch, "seq": head.seq, "tag": board.tag, "server_time": now.isoformat()}
