"""This room is tested without plugins."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpdesk.config import Settings
from tests import databases


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return databases.make_settings(database_url, tmp_path / "instance", plugins="")
