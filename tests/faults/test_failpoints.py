"""Failpoints work when they are asked for by name and flag, and in no other way."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from helpdesk.core import failpoints
from tests.live import LiveServer


@pytest.fixture(autouse=True)
def _none_left() -> Iterator[None]:
    yield
    failpoints.allow("")


def test_nothing_happens_without_them() -> None:
    assert failpoints.hit("push") is False


def test_a_part_of_what_arrives_is_left_out() -> None:
    failpoints.allow("push:drop=0.5, tick:drop=0")
    dropped = sum(failpoints.hit("push") for _ in range(400))
    assert 120 < dropped < 280
    assert not any(failpoints.hit("tick") or failpoints.hit("follower") for _ in range(100))


def test_a_place_sleeps() -> None:
    failpoints.allow("tick:sleep=0.2")
    start = time.monotonic()
    assert failpoints.hit("tick") is False
    assert time.monotonic() - start >= 0.2


def test_a_file_says_what_holds_now(tmp_path: Path) -> None:
    path = tmp_path / "failpoints"
    failpoints.allow(f"@{path}")
    assert failpoints.hit("push") is False
    path.write_text("push:drop")
    assert failpoints.hit("push") is True
    path.unlink()
    assert failpoints.hit("push") is False


def test_the_third_arrival_dies() -> None:
    program = (
        "from helpdesk.core import failpoints\nfailpoints.allow('push:kill=3')\n"
        "for number in range(5): print(number, flush=True); failpoints.hit('push')"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (-signal.SIGKILL, "0\n1\n2\n")


@pytest.mark.parametrize("text", ["nowhere:kill", "push", "push:explode", "push:sleep=long"])
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(failpoints.BadFailpoints, match=r"push|nowhere"):
        failpoints.parse(text)


@pytest.mark.database("sqlite")
def test_only_the_flag_allows_them_and_production_never_does(live_server: Callable[..., LiveServer]) -> None:
    strict = {"HELPDESK_ENV": "production", "HELPDESK_PUBLIC_URL": "https://help.example.org"}
    server = live_server(environment={"HELPDESK_FAILPOINTS": "push:drop"})
    for command in ("serve", "worker"):
        ended = server.run(command)
        assert (ended.returncode, "only with --allow-failpoints" in ended.stderr) == (1, True), ended.stderr
    server.environment["HELPDESK_FAILPOINTS"] = "push:explode"
    assert "HELPDESK_FAILPOINTS: 'push:explode'" in server.run("worker", "--allow-failpoints").stderr
    server.environment |= strict
    del server.environment["HELPDESK_CLOCK_FILE"]
    assert "HELPDESK_FAILPOINTS is only for tests" in server.run("serve", "--allow-failpoints").stderr
    del server.environment["HELPDESK_FAILPOINTS"]
    ended = server.run("serve", "--allow-failpoints")
    assert (ended.returncode, "refused in production" in ended.stderr) == (1, True), ended.stderr
