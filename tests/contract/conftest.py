"""One world for all tests of a module that try routes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from helpdesk import create_app
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db
from tests import databases, factories, fixtures
from tests.applications import share
from tests.contract.matrix import Matrix
from tests.databases import START


@pytest.fixture(scope="module")
def matrix(sqlite_template: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    folder = tmp_path_factory.mktemp("matrix")
    settings = databases.make_settings(databases.copy_sqlite(sqlite_template, folder), folder / "instance")
    app = create_app(settings, FixedClock(START))
    app.config["TESTING"] = True
    share(app)
    app.config["RATELIMIT_ENABLED"] = False  # a person of these tests asks more often than anybody
    with factories.present_app(app):
        yield Matrix(app, fixtures.make_people())
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
