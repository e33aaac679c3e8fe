"""The accepted sockets of this process, and what each was last sent."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from helpdesk.hooks.specs import Board
from helpdesk.realtime.queries import Person


class Connection:
    """One accepted socket. `board` is what it was last sent, None before the first.

    `watching` is what the person has open: the number of a ticket, or the name of another page such as
    "announcement:12".
    """

    __slots__ = ("board", "eio_sid", "is_writing", "over_at", "session_id", "sid", "staff", "user_id", "watching")

    def __init__(self, sid: str, eio_sid: str, person: Person) -> None:
        self.sid = sid
        self.eio_sid = eio_sid
        self.user_id = person.user_id
        self.session_id = person.session_id
        self.learn(person)
        self.board: Board | None = None
        self.watching: int | str | None = None
        self.is_writing = False

    def learn(self, person: Person) -> None:
        """What may change while the session lives."""
        self.over_at = person.over_at
        self.staff = person.is_staff


class Connections:
    """Every accepted socket by its id and by person; safe to use from several threads."""

    def __init__(self) -> None:
        self._by_sid: dict[str, Connection] = {}
        self._by_user: dict[int, list[Connection]] = {}
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self._by_sid)

    def add(self, connection: Connection, limit: int) -> list[Connection]:
        """Keep it. The person's oldest ones that are too many by now: the caller closes them."""
        with self._lock:
            self._by_sid[connection.sid] = connection
            mine = self._by_user.setdefault(connection.user_id, [])
            mine.append(connection)
            return mine[: max(0, len(mine) - limit)]

    def remove(self, sid: str) -> Connection | None:
        with self._lock:
            connection = self._by_sid.pop(sid, None)
            if connection is not None:
                mine = self._by_user[connection.user_id]
                mine.remove(connection)
                if not mine:
                    del self._by_user[connection.user_id]
            return connection

    def find(self, sid: str) -> Connection | None:
        return self._by_sid.get(sid)

    def all(self) -> list[Connection]:
        with self._lock:
            return list(self._by_sid.values())

    def of_users(self, user_ids: Iterable[int]) -> list[Connection]:
        with self._lock:
            return [connection for user_id in user_ids for connection in self._by_user.get(user_id, ())]

    def staff(self) -> list[Connection]:
        return [connection for connection in self.all() if connection.staff]

    def user_ids(self) -> list[int]:
        with self._lock:
            return list(self._by_user)
