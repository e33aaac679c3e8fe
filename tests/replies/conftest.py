"""This room is tested with one plugin of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk.config import Settings
from tests import databases
from tests.replies.speaker import hooks


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return databases.make_settings(database_url, tmp_path / "instance", plugins="tests.replies.speaker")


@pytest.fixture(autouse=True)
def speaker() -> Iterator[list[object]]:
    hooks.answers.clear()
    hooks.asked.clear()
    yield hooks.answers
    hooks.answers.clear()
