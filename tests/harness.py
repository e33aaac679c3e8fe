"""Fixtures and options for the tests of the host and of the plugins: databases, application, servers, browser."""

from __future__ import annotations

import copy
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
import websocket
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from development.translations import compile_translations
from helpdesk import create_app
from helpdesk.config import Settings
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db
from tests import databases, servers
from tests.applications import share
from tests.browser_finder import launch_browser
from tests.fixtures import People
from tests.live import LiveServer
from tests.network_guard import forbid_network

KINDS = ("sqlite", "postgresql")
PAGES = frozenset(("test_pages", "pages"))  # modules and folders of tests that look at pages only
PROCESSES = frozenset(("live_server", "new_context", "demonstration"))  # fixtures of tests that start some

# websocket-client waits 3 s for a close frame that the reader of python-socketio's client took already.
_close = websocket.WebSocket.close
websocket.WebSocket.close = lambda self, status=1000, reason=b"", timeout=0: _close(self, status, reason, timeout)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=(*KINDS, "both"),
        default="sqlite",
        help="the database of tests that use one; `both` runs each of them twice (make test does)",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "by_turns: of `both` databases on one, chosen by the test's name")
    config.addinivalue_line("markers", "long: takes many seconds, so that it comes first")
    for name in [name for name in os.environ if name.startswith("HELPDESK_")]:
        if name != "HELPDESK_CHROMIUM" and not name.startswith("HELPDESK_TEST_"):
            del os.environ[name]  # settings of whoever runs the tests must not reach them
    forbid_network()
    # Structlog's own default draws boxes around all local variables of a traceback, which takes a second each.
    structlog.configure(processors=[structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)])
    compile_translations()  # `make test` did; whoever calls pytest directly needs them too


def _kinds_for(metafunc: pytest.Metafunc) -> tuple[str, ...]:
    definition = metafunc.definition
    if only := definition.get_closest_marker("database"):
        return tuple(only.args)
    if definition.get_closest_marker("both_databases"):
        return KINDS
    chosen = metafunc.config.getoption("--database")
    if chosen != "both":
        return (chosen,)
    if definition.get_closest_marker("by_turns"):
        return (KINDS[zlib.crc32(definition.nodeid.encode()) % len(KINDS)],)
    # Pages have no SQL of their own. tests/contract/test_pages_on_postgresql.py opens each of them there.
    is_of_pages = bool(PAGES & {definition.path.stem, definition.path.parent.name})
    return KINDS[:1] if is_of_pages else KINDS


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" in metafunc.fixturenames:
        metafunc.parametrize("database_kind", _kinds_for(metafunc))


def _is_long(item: pytest.Item) -> bool:
    starts_processes = not PROCESSES.isdisjoint(getattr(item, "fixturenames", ()))
    return starts_processes or item.get_closest_marker("long") is not None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests come first: at the end, workers share what is short, and none of them waits long for the other."""
    items.sort(key=lambda item: not _is_long(item))


# --- databases ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def pg_server() -> Iterator[str]:
    """The URL of the database `postgres` of a server that lives as long as the run."""
    url, stop = servers.start_postgres()
    yield url
    stop()


@pytest.fixture
def pg_url(pg_server: str) -> Iterator[str]:
    """An empty PostgreSQL database."""
    with databases.postgres_database(pg_server) as url:
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    url, stop = servers.start_redis()
    yield url
    stop()


@pytest.fixture(scope="session")
def sqlite_templates(tmp_path_factory: pytest.TempPathFactory) -> databases.SqliteTemplates:
    return databases.make_sqlite_templates(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def sqlite_template(sqlite_templates: databases.SqliteTemplates) -> Path:
    """A migrated SQLite database without any rows of a test's own."""
    return sqlite_templates.migrated


@pytest.fixture(scope="session")
def pg_suite(pg_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[databases.PostgresSuite]:
    suite = databases.PostgresSuite(pg_server, tmp_path_factory.mktemp("postgres"))
    yield suite
    suite.close()


@pytest.fixture
def database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database of the kind that this run of the test is for: with the people if the test asks for them."""
    peopled = "people" in request.fixturenames
    if database_kind == "sqlite":
        templates: databases.SqliteTemplates = request.getfixturevalue("sqlite_templates")
        return databases.copy_sqlite(templates.peopled if peopled else templates.migrated, tmp_path)
    suite: databases.PostgresSuite = request.getfixturevalue("pg_suite")
    return suite.reset(peopled=peopled)


@pytest.fixture
def people(app: Flask, database_kind: str, request: pytest.FixtureRequest) -> People:
    """Everybody, with the password `factories.PASSWORD`: there from the start, as `database_url` sees to."""
    made = request.getfixturevalue("sqlite_templates" if database_kind == "sqlite" else "pg_suite").people
    return copy.deepcopy(made)  # type: ignore[no-any-return]


# --- the application inside this process -------------------------------------------------------------------------


@pytest.fixture
def clock() -> FixedClock:
    """Thursday, 12 March 2026, 09:00 UTC, until the test moves it."""
    return FixedClock(databases.START)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return databases.make_settings(database_url, tmp_path / "instance")


@pytest.fixture
def make_app() -> Iterator[Callable[[Settings, FixedClock], Flask]]:
    """Builds applications for testing and lets go of their connections afterwards."""
    built: list[Flask] = []

    def make(settings: Settings, clock: FixedClock) -> Flask:
        app = create_app(settings, clock)
        app.config["TESTING"] = True
        share(app)
        built.append(app)
        return app

    yield make
    for app in built:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def app(make_app: Callable[[Settings, FixedClock], Flask], settings: Settings, clock: FixedClock) -> Flask:
    return make_app(settings, clock)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


# --- the running program and a browser ---------------------------------------------------------------------------


@pytest.fixture
def live_server(database_url: str, tmp_path: Path) -> Iterator[Callable[..., LiveServer]]:
    """Makes (not yet started) servers on the test's database that share one clock; all are stopped afterwards.

    Arguments: those of `LiveServer`, without folder and database.
    """
    made: list[LiveServer] = []

    def make(**arguments: Any) -> LiveServer:
        arguments.setdefault("name", f"server{len(made) + 1}")
        server = LiveServer(tmp_path, arguments.pop("database_url", database_url), **arguments)
        made.append(server)
        return server

    yield make
    for server in made:
        server.kill()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=20_000)  # how long to wait for what must come; promises of speed are benchmarks
    with sync_playwright() as playwright:
        browser = launch_browser(playwright)
        yield browser
        browser.close()


@pytest.fixture
def new_context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Opens browser contexts, one for each person (own cookies); all are closed afterwards."""
    opened: list[BrowserContext] = []

    def open_context(**options: Any) -> BrowserContext:
        context = browser.new_context(**({"locale": "en-GB", "timezone_id": "UTC"} | options))
        context.set_default_timeout(30_000)
        opened.append(context)
        return context

    yield open_context
    for context in opened:
        context.close()
