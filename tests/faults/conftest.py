"""The fixture of the tests with several processes, and which of them `make test` leaves to `make faults`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.faults.pages import Page
from tests.faults.processes import FORM, Browser, Desk
from tests.fixtures import People
from tests.live import LiveServer


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left = [item for item in items if not FORM and item.get_closest_marker("full_form")]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


@pytest.fixture
def desk(people: People, live_server: Callable[..., LiveServer]) -> Iterator[Desk]:
    yield Desk(people, live_server)
    Page.stop_all()
    Browser.close_all()
