"""The load generator and the limit server, which every ratio stands on, among three clients."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.counted import LAYOUT, read_counts
from benchmarks.crowd import Crowd
from benchmarks.machine import Process, build, free_port

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="the load generator needs a C compiler")


@pytest.fixture
def limit(tmp_path: Path) -> Iterator[Process]:
    port = free_port()
    server = Process([str(build("limit")), str(port)], port, tmp_path / "log")
    server.wait_for()
    yield server
    server.kill()


@pytest.fixture
def crowd(limit: Process) -> Iterator[Crowd]:
    clients = Crowd(limit.port, 3)
    assert clients.open(seconds=20)["ready"] == 3
    yield clients
    clients.close()


def test_everybody_gets_what_is_published_and_is_counted_once(limit: Process, crowd: Crowd) -> None:
    assert crowd.expect("Outage 1") == 3
    limit.post("/publish", '42["banner",{"title":"Outage 1"}]')
    arrived = crowd.arrived()
    assert arrived["count"] == 3
    assert arrived["first"] <= arrived["p50"] <= arrived["last"]
    limit.post("/publish", '42["banner",{"title":"Outage 1"}]')
    assert crowd.stats()["hits"] == 3


def test_another_text_is_not_taken_for_the_expected_one(limit: Process, crowd: Crowd) -> None:
    crowd.expect("Outage 2", seconds=0.2)
    limit.post("/publish", '42["banner",{"title":"Outage 1"}]')
    arrived = crowd.arrived()
    assert (arrived["count"], arrived["wanted"]) == (0, 3)
    assert "last" not in arrived


def test_a_long_text_is_noticed_though_it_comes_in_pieces(limit: Process, crowd: Crowd) -> None:
    crowd.expect("the end")
    limit.post("/publish", '42["banner",{"text":"' + "x" * 50_000 + ' the end"}]')
    assert crowd.arrived()["count"] == 3


def test_paused_clients_read_nothing_until_they_go_on(limit: Process, crowd: Crowd) -> None:
    assert crowd.pause(1) == 1
    assert crowd.expect("Outage 3") == 2
    limit.post("/publish", '42["banner",{"title":"Outage 3"}]')
    assert crowd.arrived()["count"] == 2
    assert crowd.stats()["hits"] == 2
    assert crowd.resume() == 1
    assert crowd.stats()["ready"] == 3


def test_clients_notice_that_the_server_is_gone(limit: Process, crowd: Crowd) -> None:
    crowd.expect("never", seconds=0.3)
    limit.kill()
    crowd.arrived()
    assert crowd.stats()["dropped"] == 3


def test_statement_counts_are_read_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "counts"
    path.write_bytes(LAYOUT.pack(7, 3) + struct.pack("<B", 9))
    assert read_counts(path) == (7, 3)
