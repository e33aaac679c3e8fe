"""SQLite's file is locked, full, read-only or torn: reading goes on, writing says so and loses nothing."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests import live
from tests.faults.pages import Page
from tests.faults.processes import SLACK_SECONDS, START_SECONDS, Browser, Desk, full_form, size
from tests.faults.writers import Writer, check, tokens
from tests.live import LiveServer
from tests.waiting import wait_until

pytestmark = pytest.mark.database("sqlite")
PATIENCE_SECONDS = 5.0  # how long a write waits for the lock


def path_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def copy(database_url: str, folder: Path) -> Path:
    """The test's database, whole, in another folder."""
    target = folder / "copy.sqlite3"
    source, copied = sqlite3.connect(path_of(database_url)), sqlite3.connect(target)
    source.backup(copied)
    source.close()
    copied.close()
    return target


def post(server: LiveServer, token: str, subject: str, size_of_body: int = 10) -> requests.Response:
    return requests.post(
        f"{server.url}/api/v1/tickets",
        json={"subject": subject, "body": "x" * size_of_body},
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    )


def is_whole(path: Path) -> bool:
    connection = sqlite3.connect(path)
    try:
        return bool(connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)])
    finally:
        connection.close()


# --- locked ------------------------------------------------------------------------------------------------------


class Lock:
    """Another program that holds the write lock for so many seconds."""

    def __init__(self, path: Path, seconds: float) -> None:
        self._path, self._seconds = path, seconds
        self._held = threading.Event()
        self._thread = threading.Thread(target=self._hold, daemon=True)

    def __enter__(self) -> Lock:
        self._thread.start()
        assert self._held.wait(10)
        return self

    def __exit__(self, *_error: object) -> None:
        self._thread.join()

    def _hold(self) -> None:
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=10)
        connection.execute("BEGIN IMMEDIATE")
        self._held.set()
        time.sleep(self._seconds)
        connection.execute("ROLLBACK")
        connection.close()


def test_another_program_holds_the_lock(desk: Desk, database_url: str) -> None:
    """Three seconds: writes wait for it. Eight: they say within five that it is busy. Nobody who reads notices."""
    server = desk.server()
    ana = Browser(server, desk.people.ana)
    shown = desk.publish(server)
    with Lock(path_of(database_url), 3):
        assert post(server, desk.token, "waits").status_code == 201
    assert "database is locked" not in server.log
    with Lock(path_of(database_url), 8):
        answers: list[tuple[requests.Response, float]] = []
        start = time.monotonic()
        waiting = threading.Thread(
            target=lambda: answers.append((post(server, desk.token, "gives up"), time.monotonic() - start))
        )
        waiting.start()
        slowest = 0.0
        while waiting.is_alive():
            asked = time.monotonic()
            assert [banner["id"] for banner in ana.board(server)["banners"]] == [shown]
            assert ana.http.get(f"{server.url}/tickets", timeout=20).status_code == 200
            slowest = max(slowest, time.monotonic() - asked)
        [(answer, took)] = answers
        assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (503, True)
        assert took < PATIENCE_SECONDS + 1 + SLACK_SECONDS
        assert slowest < 1 + SLACK_SECONDS
    assert post(server, desk.token, "again").status_code == 201


@full_form
def test_a_reader_whose_last_visit_cannot_be_noted(desk: Desk, database_url: str) -> None:
    """Every five minutes a page notes that its person was there: while it cannot, the page is shown all the same."""
    server = desk.server()
    ana = Browser(server, desk.people.ana)
    server.advance(600)
    with Lock(path_of(database_url), 8):
        assert ana.http.get(f"{server.url}/tickets", timeout=20).status_code == 200
        answer = requests.get(
            f"{server.url}/api/v1/tickets", headers={"Authorization": f"Bearer {desk.token}"}, timeout=20
        )
        assert answer.status_code == 200


@full_form
def test_many_writers_in_several_processes(desk: Desk, database_url: str) -> None:
    servers, keys = desk.servers(2), tokens(desk.people)
    writers = [Writer(servers[n % 2], keys[n % 6], f"w{n}") for n in range(8)]
    for writer in writers:
        writer.start()
    wait_until(lambda: min(len(w.subjects) for w in writers) >= size(5, 60), "they write", 300)
    for writer in writers:
        writer.ended.set()
        writer.join(60)
        assert set(writer.answers) <= {201, 429}, writer.answers
    for server in servers:
        assert "database is locked" not in server.log  # who sends mail and does what is due had their turn as well
    check(database_url, writers)


# --- full, read-only, torn ---------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not shutil.which("mount"):
        pytest.skip("no small file system can be made here")
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "none", str(folder)], capture_output=True)
    if made.returncode != 0:
        pytest.skip("no small file system can be made here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    ballast = folder / "ballast"
    with open(ballast, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return ballast


def test_the_disk_is_full(desk: Desk, database_url: str, small_disk: Path) -> None:
    """Writing says so, what is shown stays shown, and with room again it goes on without a restart."""
    path = copy(database_url, small_disk)
    server = desk.server(database_url=f"sqlite:///{path}")
    page = Page(Browser(server, desk.people.ana), lambda: server)
    shown = desk.publish(server)
    wait_until(lambda: page.ids == [shown], "it is shown", START_SECONDS)
    ballast = fill(small_disk)
    answers = [post(server, desk.token, f"ticket {n}", 15_000) for n in range(20)]
    codes = [answer.status_code for answer in answers]
    assert 503 in codes
    assert set(codes) <= {201, 503}
    assert page.browser.board(server)["banners"][0]["id"] == shown
    assert page.browser.http.get(f"{server.url}/tickets", timeout=20).status_code == 200
    assert page.is_live
    ballast.unlink()
    wait_until(lambda: post(server, desk.token, "room again").status_code == 201, "it goes on", 10 + SLACK_SECONDS)
    last = desk.publish(server)
    wait_until(lambda: page.ids == [shown, last], "pages are told again", 10 + SLACK_SECONDS)
    page.stop()
    server.stop(START_SECONDS)
    assert is_whole(path)
    assert count(path, "ticket") == codes.count(201) + 1
    assert count(path, "ticket") == count(path, "audit_entry", "action = 'ticket.opened'")


def count(path: Path, table: str, condition: str = "1 = 1", what: str = "*") -> int:
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute(f"SELECT count({what}) FROM {table} WHERE {condition}").fetchone()[0])
    finally:
        connection.close()


@pytest.fixture
def bound_by_modes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Run the program so that the modes of files count, as they do for everybody but root."""
    if os.geteuid() != 0:
        return
    if not shutil.which("setpriv"):
        pytest.skip("root cannot give up its right over files here")
    command = tmp_path / "helpdesk"
    rights = "--bounding-set=-dac_override,-dac_read_search"
    command.write_text(f'#!/bin/sh\nexec setpriv {rights} {Path(sys.executable).with_name("helpdesk")} "$@"\n')
    command.chmod(0o755)
    monkeypatch.setattr(live, "HELPDESK", command)


@full_form
@pytest.mark.usefixtures("bound_by_modes")
def test_the_file_is_read_only(desk: Desk, database_url: str) -> None:
    """It starts, shows what is true, refuses to write, and writes again when the mode is put right."""
    server = desk.server()
    ana = Browser(server, desk.people.ana)
    shown = desk.publish(server)
    server.stop(START_SECONDS)
    path = path_of(database_url)
    path.chmod(0o444)
    server.start(START_SECONDS)
    assert [banner["id"] for banner in ana.board(server)["banners"]] == [shown]
    assert ana.http.get(f"{server.url}/tickets", timeout=20).status_code == 200
    assert ana.join(server)[1]["banners"][0]["id"] == shown
    assert post(server, desk.token, "refused").status_code == 503
    path.chmod(0o644)
    wait_until(lambda: post(server, desk.token, "taken").status_code == 201, "it writes", 10 + SLACK_SECONDS)
    assert count(path, "ticket") == 1


@full_form
def test_the_log_is_torn(desk: Desk, database_url: str, tmp_path: Path) -> None:
    """Power fails, and a part of the write-ahead log never reached the disk: what is there is whole."""
    path = copy(database_url, tmp_path)
    server = desk.server(database_url=f"sqlite:///{path}")
    for number in range(10):
        assert post(server, desk.token, f"ticket {number}").status_code == 201
    server.kill()
    log = Path(f"{path}-wal")
    os.truncate(log, int(log.stat().st_size * 0.7))
    server.start(START_SECONDS)
    assert is_whole(path)
    kept = count(path, "ticket")
    assert kept == count(path, "message", what="DISTINCT ticket_id")
    assert kept == count(path, "audit_entry", "action = 'ticket.opened'")
    assert post(server, desk.token, "afterwards").status_code == 201
    assert count(path, "ticket") == kept + 1
