"""Who is behind a session cookie, answered from memory: a storm of connects costs next to no reads.

Kept right by the feed: an entry of a person drops what is known of that person.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from itertools import islice

from helpdesk.accounts.queries import viewers
from helpdesk.hooks.specs import Viewer
from helpdesk.realtime import queries
from helpdesk.realtime.queries import Person

VIEWERS_AT_ONCE = 500


class Directory:
    """Caches of one process. Needs an application context wherever it may have to read."""

    def __init__(self) -> None:
        self._people: dict[str, Person] = {}
        self._viewers: dict[int, Viewer] = {}
        self._fresh: set[int] = set()
        self._is_loaded = False
        self.generation = 0  # rises when something was dropped: what was being read meanwhile may be old
        self._lock = threading.RLock()

    def find_person(self, token_hash: str, now: datetime) -> Person | None:
        """The person of a live session. The first miss reads all live sessions, a later one reads its own."""
        person = self._people.get(token_hash)
        if person is None:
            with self._lock:  # those who wait here find it read by the first
                person = self._people.get(token_hash) or self._read(token_hash, now)
        return person if person is not None and person.over_at > now else self._read_again(token_hash, person, now)

    def _read(self, token_hash: str, now: datetime) -> Person | None:
        found: dict[str, Person] = {}
        for _attempt in range(3):
            generation = self.generation
            if not self._is_loaded:
                found = queries.people_signed_in(now)
            if token_hash not in found:
                found |= queries.people_of_tokens([token_hash], now)
            if generation == self.generation:
                if not self._is_loaded:
                    self._fresh = {person.user_id for person in found.values()}
                self._people.update(found)
                self._is_loaded = True
                break
        return found.get(token_hash)

    def _read_again(self, token_hash: str, old: Person | None, now: datetime) -> Person | None:
        """A session that seems over may have been used since it was read."""
        if old is None:
            return None
        generation = self.generation
        found = queries.people_of_tokens([token_hash], now).get(token_hash)
        if found is None:
            self._people.pop(token_hash, None)
        elif generation == self.generation:
            self._people[token_hash] = found
        return found

    def take_fresh(self) -> set[int]:
        """The people whose live sessions were read together since this was last asked."""
        fresh, self._fresh = self._fresh, set()
        return fresh

    def find_viewer(self, user_id: int, connected: Callable[[], Iterable[int]]) -> Viewer | None:
        """The person as pages see them; None when disabled. Who is not known yet is read together with others of the
        `connected`: when one page speaks, as after a publish, all of them do.
        """
        viewer = self._viewers.get(user_id)
        if viewer is None:
            with self._lock:  # those who wait here find it read by the first
                viewer = self._viewers.get(user_id) or self._read_viewer(user_id, connected())
        return viewer

    def _read_viewer(self, user_id: int, connected: Iterable[int]) -> Viewer | None:
        generation = self.generation
        others = islice((other for other in connected if other not in self._viewers), VIEWERS_AT_ONCE)
        found = viewers([user_id, *others])
        if generation == self.generation:
            self._viewers.update(found)
        return found.get(user_id)

    def forget_users(self, user_ids: Collection[int]) -> None:
        wanted = set(user_ids)
        with self._lock:
            self.generation += 1
            for user_id in wanted:
                self._viewers.pop(user_id, None)
            for token_hash in [t for t, person in self._people.items() if person.user_id in wanted]:
                del self._people[token_hash]

    def forget_viewers(self) -> None:
        """The department tree changed: paths may be different."""
        with self._lock:
            self.generation += 1
            self._viewers.clear()

    def forget_all(self) -> None:
        with self._lock:
            self.generation += 1
            self._people.clear()
            self._viewers.clear()
            self._is_loaded = False
