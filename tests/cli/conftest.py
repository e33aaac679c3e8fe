"""Commands without a process for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from helpdesk.app import create_app
from helpdesk.cli import group
from helpdesk.cli.commands import cli
from helpdesk.config import Settings
from helpdesk.core.database import db

Call = Callable[..., Result]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Iterator[Call]:
    """Calls a command in this process, where what it does is tested and not how a process starts.

    Arguments: the environment, and the words behind `helpdesk`. What it raises is raised here, unless it is an exit.
    """
    built: list[Flask] = []

    def keep(settings: Settings) -> Flask:
        built.append(create_app(settings))
        return built[-1]

    def run(environment: dict[str, str], *words: str) -> Result:
        result = CliRunner().invoke(cli, words, env=environment, prog_name="helpdesk", color=False)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    monkeypatch.setattr(group, "create_app", keep)
    yield run
    for app in built:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    """For tests without a browser: requests would share what belongs to one of them."""
    with app.app_context():
        yield
