"""Who is online, in all processes together, and who has which ticket or page open."""

from __future__ import annotations

import os
import secrets
import socket
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete

from helpdesk.accounts.queries import people_names
from helpdesk.core import clock
from helpdesk.core.database import transaction
from helpdesk.realtime import queries
from helpdesk.realtime.live import live_of
from helpdesk.realtime.models import RealtimePresence

if TYPE_CHECKING:
    from helpdesk.realtime.live import Live

FORGOTTEN_AFTER = timedelta(hours=1)


def online_user_ids() -> set[int]:
    """Everybody with an open page, in any process; those of other processes are known with up to 10 s delay."""
    live = live_of()
    online = set(live.connections.user_ids())
    for row in queries.presences(clock.now()):
        if row.process != live.follower.presence.process:
            online.update(row.user_ids)
    return online


class Presence:
    """This process's row, and what its staff are told about who looks at the same ticket or page."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self.process = f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._changed: set[int | str] = set()
        self._elsewhere: dict[int | str, set[tuple[int, bool]]] = {}

    def changed(self, opened: int | str) -> None:
        """Somebody opened or left the ticket or page: the others hear it with the follower's next step."""
        self._changed.add(opened)
        self._live.follower.poke()

    @property
    def has_news(self) -> bool:
        return bool(self._changed)

    def save(self, now: datetime) -> None:
        """Write who is connected here, one row; forget processes that are long gone."""
        watching = [(c.watching, c.user_id, int(c.is_writing)) for c in self._live.connections.staff() if c.watching]
        row = RealtimePresence(
            process=self.process, seen_at=now, user_ids=sorted(self._live.connections.user_ids()), watching=watching
        )
        with transaction() as session:
            session.merge(row)
            session.execute(delete(RealtimePresence).where(RealtimePresence.seen_at < now - FORGOTTEN_AFTER))

    def leave(self) -> None:
        """The process ends: its people are not online here any more."""
        with transaction() as session:
            session.execute(delete(RealtimePresence).where(RealtimePresence.process == self.process))

    def look_around(self, now: datetime) -> None:
        """Learn which tickets and pages are open in other processes. One read."""
        elsewhere: dict[int | str, set[tuple[int, bool]]] = {}
        for row in queries.presences(now):
            if row.process != self.process:
                for number, user_id, is_writing in row.watching:
                    elsewhere.setdefault(number, set()).add((user_id, bool(is_writing)))
        for ticket in elsewhere.keys() | self._elsewhere.keys():
            if elsewhere.get(ticket) != self._elsewhere.get(ticket):
                self._changed.add(ticket)
        self._elsewhere = elsewhere

    def tell(self) -> None:
        """Send `presence` {ticket or page, people: [{id, name, writing}]} to those who have a changed one open."""
        changed, self._changed = self._changed, set()
        if not changed:
            return
        watchers: dict[int | str, list[Any]] = {ticket: [] for ticket in changed}
        for connection in self._live.connections.staff():
            if connection.watching in watchers:
                watchers[connection.watching].append(connection)
        people: dict[int | str, dict[int, bool]] = {}
        for ticket, connections in watchers.items():
            seen = [(c.user_id, c.is_writing) for c in connections] + sorted(self._elsewhere.get(ticket, ()))
            for user_id, is_writing in seen:
                mine = people.setdefault(ticket, {})
                mine[user_id] = mine.get(user_id, False) or is_writing
        names = people_names({user_id for mine in people.values() for user_id in mine})
        for ticket, connections in watchers.items():
            listed = [
                {"id": user_id, "name": names.get(user_id, ""), "writing": is_writing}
                for user_id, is_writing in sorted(people.get(ticket, {}).items())
            ]
            what = "ticket" if isinstance(ticket, int) else "page"
            self._live.emit("presence", {what: ticket, "people": listed}, connections)
