"""PostgreSQL dies under writers, loses its answers or is not reachable: every key of a request is carried out once."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import requests

from helpdesk import create_app
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db
from tests import factories
from tests.databases import START, make_settings, migrate
from tests.faults.pages import Page
from tests.faults.processes import SLACK_SECONDS, START_SECONDS, Browser, Desk, full_form, size
from tests.faults.relay import Relay
from tests.faults.services import Postgres
from tests.faults.writers import Writer, check, tokens
from tests.fixtures import make_people
from tests.live import LiveServer
from tests.waiting import wait_until

pytestmark = pytest.mark.database("postgresql")
RECONNECT_SECONDS = 5.0 + SLACK_SECONDS


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture
def database_url(postgres: Postgres) -> Iterator[str]:
    """A migrated database on the server that may be killed, with everybody in it."""
    name = f"fault_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(postgres.url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
        # The tests' servers keep nothing that a death may take, for the sake of time: this one does.
        connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = on")  # type: ignore[call-overload]
    yield postgres.url.rsplit("/", 1)[0] + "/" + name
    with psycopg.connect(postgres.url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[call-overload]


@pytest.fixture
def own_desk(database_url: str, tmp_path: Path, live_server: object) -> Iterator[Desk]:
    settings = make_settings(database_url, tmp_path / "instance")
    migrate(settings)
    app = create_app(settings, FixedClock(START))
    with factories.present_app(app), app.app_context():
        yield Desk(make_people(), live_server)  # type: ignore[arg-type]
        db.session.remove()
        db.engine.dispose()
    Page.stop_all()
    Browser.close_all()


@full_form
def test_it_dies_under_writers(own_desk: Desk, database_url: str, postgres: Postgres) -> None:
    """Answers are 201 or 503, nothing is half done, and 5 s after its return everything goes on."""
    servers = own_desk.servers(2)
    page = Page(Browser(servers[0], own_desk.people.ana), lambda: servers[1])
    keys = tokens(own_desk.people)
    writers = [Writer(servers[n % 2], keys[n % 6], f"w{n}") for n in range(size(6, 20))]
    for writer in writers:
        writer.start()
    for _crash in range(size(1, 5)):
        enough = [len(writer.subjects) + 2 for writer in writers]
        wait_until(
            lambda e=enough: all(len(w.subjects) >= n for w, n in zip(writers, e, strict=True)), "they write", 120
        )  # type: ignore[misc]
        postgres.crash()
        answer = requests.get(f"{servers[0].url}/readyz", timeout=20)
        assert (answer.status_code, answer.json()["failing"]) == (503, ["database"])
        alive = requests.get(f"{servers[0].url}/healthz", timeout=20)
        assert alive.status_code == 200, alive.text + servers[0].log[-3000:]
        postgres.launch()
        for server in servers:
            server.wait_for("/readyz", RECONNECT_SECONDS)
        servers[0].advance(61)  # until then a request that died is thought to run still
    announcement_id = own_desk.publish(servers[0])
    wait_until(lambda: announcement_id in page.ids, "pages are told again", RECONNECT_SECONDS)
    page.stop()
    for writer in writers:
        writer.ended.set()
    for writer in writers:
        writer.join(120)
        assert not writer.is_alive()
        assert set(writer.answers) <= {201, 409, 429, 503}, writer.answers
    check(database_url, writers)


@full_form
def test_the_answer_to_a_commit_is_lost(own_desk: Desk, database_url: str, postgres: Postgres) -> None:
    """The database has done it and nobody knows: the repetition finds out, and does not do it again."""
    relay = Relay(postgres.port)
    try:
        server = own_desk.server(database_url=database_url.replace(f":{postgres.port}/", f":{relay.port}/"))
        writer = Writer(server, own_desk.token, "lost", on_conflict=lambda: server.advance(61))
        writer.write("lost-0")
        relay.loses = (b"COMMIT", 0.3)
        for number in range(1, size(12, 100)):
            writer.write(f"lost-{number}")
        relay.loses = None
        assert relay.lost > size(3, 30)
        assert writer.answers[503] > 0
        check(database_url, [writer])
    finally:
        relay.close()


@full_form
def test_it_hangs(own_desk: Desk, database_url: str, postgres: Postgres) -> None:
    """It takes what is sent and answers nothing: the supervisor is told, and when it goes on, so does everything."""
    relay = Relay(postgres.port)
    try:
        server = own_desk.server(database_url=database_url.replace(f":{postgres.port}/", f":{relay.port}/"))
        page = Page(Browser(server, own_desk.people.ana), lambda: server)
        writer = Writer(server, own_desk.token, "hangs")
        wait_until(lambda: page.is_live, "the page is live", START_SECONDS)
        relay.freeze()
        writer.start()
        wait_until(lambda: healthz(server) == 503, "the supervisor is told", 8 + SLACK_SECONDS)
        writer.ended.set()
        assert writer.subjects == []
        relay.thaw()
        server.wait_for("/readyz", RECONNECT_SECONDS)
        server.advance(61)
        writer.join(60)
        check(database_url, [writer])
        announcement_id = own_desk.publish(server)
        wait_until(lambda: announcement_id in page.ids, "pages are told again", RECONNECT_SECONDS)
        page.stop()
    finally:
        relay.close()


def healthz(server: LiveServer) -> int:
    return requests.get(f"{server.url}/healthz", timeout=5).status_code
