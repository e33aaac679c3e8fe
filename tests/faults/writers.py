"""Programs that write through the API while something breaks, and what must be true of their work afterwards."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable

import requests
from sqlalchemy import create_engine, text

from tests import factories
from tests.fixtures import People
from tests.live import LiveServer


class Writer(threading.Thread):
    """Opens tickets, each under a key of its own, and repeats each request until it is told how it went.

    `on_conflict` is called when the first request under a key seems to run still: after a minute it counts as dead.
    """

    def __init__(
        self, server: LiveServer, token: str, name: str, on_conflict: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(daemon=True)
        self.on_conflict = on_conflict
        self.url = f"{server.url}/api/v1/tickets"
        self.headers = {"Authorization": f"Bearer {token}"}
        self.label = name
        self.ended = threading.Event()
        self.answers: Counter[int] = Counter()
        self.subjects: list[str] = []  # of the tickets that were carried out, by the answers
        self.longest = 0.0

    def run(self) -> None:
        number = 0
        while not self.ended.is_set():
            number += 1
            self.write(f"{self.label}-{number}")

    def write(self, key: str) -> None:
        while True:
            start = time.monotonic()
            try:
                answer = self._ask(key)
                code = answer.status_code
            except requests.RequestException:
                code = 0
            self.longest = max(self.longest, time.monotonic() - start)
            self.answers[code] += 1
            if code == 201 or (code == 409 and "its answer was lost" in answer.text):
                self.subjects.append(key)
                return
            if code not in (0, 503, 409, 429):
                raise AssertionError(answer.text)
            if code == 409:
                self.on_conflict()
            time.sleep(0.2)  # as Retry-After asks, but quicker

    def _ask(self, key: str) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False  # pytest changes the environment while threads would read it
            return session.post(
                self.url,
                json={"subject": key, "body": "It is broken."},
                headers=self.headers | {"Idempotency-Key": key},
                timeout=60,
            )


def tokens(people: People) -> list[str]:
    """One for each person, as each may write 300 times a minute."""
    everybody = (people.ana, people.bruno, people.carla, people.teresa, people.tomas, people.adam)
    return [factories.make_token(person) for person in everybody]


def check(url: str, writers: list[Writer]) -> None:
    """Each key has exactly one ticket, and each ticket a number, a first message and an audit entry."""
    told = [subject for writer in writers for subject in writer.subjects]
    assert len(told) == len(set(told)) > 0
    engine = create_engine(url)
    with engine.connect() as connection:
        assert Counter(connection.execute(text("SELECT subject FROM ticket")).scalars()) == Counter(told)
        [tickets, numbers] = connection.execute(text("SELECT count(*), count(DISTINCT number) FROM ticket")).one()
        first = "SELECT count(DISTINCT ticket_id) FROM message"
        counts = [
            connection.scalar(text(statement))
            for statement in (first, "SELECT count(*) FROM audit_entry WHERE action = 'ticket.opened'")
        ]
        assert {tickets, numbers, *counts} == {len(told)}
    engine.dispose()
