"""The fixture of the tests with several processes; what it gives is in `processes.py`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.processes import Desk
from tests.fixtures import People
from tests.live import LiveServer


@pytest.fixture
def desk(people: People, live_server: Callable[..., LiveServer]) -> Desk:
    return Desk(people, live_server)
