"""The fixture of the tests with several processes; what it gives is in `processes.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.faults.processes import Browser, Desk
from tests.fixtures import People
from tests.live import LiveServer


@pytest.fixture
def desk(people: People, live_server: Callable[..., LiveServer]) -> Iterator[Desk]:
    yield Desk(people, live_server)
    Browser.close_all()
