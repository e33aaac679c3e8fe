"""A real Prometheus Alertmanager fires, repeats, resolves and replays against the running program.

It needs the Debian package `prometheus-alertmanager`, or the program on the path under that name or `alertmanager`:
`make test` and `make faults` install it where they can.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask

from helpdesk.core.database import db
from tests import factories
from tests.faults.processes import SLACK_SECONDS, Desk, size
from tests.servers import free_port
from tests.waiting import wait_until

pytest.importorskip("plugins.outage_notice.tests.announcing", reason="the plugin's folder was deleted")

from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.rules import Status
from plugins.outage_notice.intake.models import AlertSignal

NAMES = ("prometheus-alertmanager", "alertmanager")
LABELS = {"alertname": "VPNDown", "service": "VPN", "severity": "major", "instance": "gw-3"}
WORDS = {"summary": "VPN gateway does not answer", "description": "gw-3 is silent for 2 minutes"}
CONFIGURATION = """
route:
  receiver: helpdesk
  group_by: [service]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1s
receivers:
  - name: helpdesk
    webhook_configs:
      - url: {url}/api/v1/intake/alertmanager
        send_resolved: true
        http_config:
          authorization:
            credentials: {token}
"""


def find_program() -> str:
    """The program; a missing one is an error that says what to do."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.fail("Alertmanager is missing: apt-get install prometheus-alertmanager, or put it on the path.")
    return found


class Alertmanager:
    """One process with a memory of its own in `folder`."""

    def __init__(self, folder: Path, url: str, token: str) -> None:
        folder.mkdir()
        self.address = f"127.0.0.1:{free_port()}"
        (folder / "alertmanager.yml").write_text(CONFIGURATION.format(url=url, token=token))
        arguments = {
            "config.file": folder / "alertmanager.yml",
            "storage.path": folder / "data",
            "web.listen-address": self.address,
            "cluster.listen-address": "",
        }
        command = [find_program(), *(f"--{name}={value}" for name, value in arguments.items())]
        self._log = open(folder / "log", "wb")  # noqa: SIM115  (closed by stop)
        self.process = subprocess.Popen(command, stdout=self._log, stderr=self._log)
        wait_until(self._is_ready, "Alertmanager is ready", 60)

    def _is_ready(self) -> bool:
        with contextlib.suppress(requests.ConnectionError):
            return requests.get(f"http://{self.address}/-/ready", timeout=5).ok
        return False

    def post(self, starts_at: datetime, ends_at: datetime | None = None) -> None:
        """What Prometheus sends: the alert fires, or has ended."""
        alert: dict[str, Any] = {"labels": LABELS, "annotations": WORDS, "startsAt": starts_at.isoformat()}
        if ends_at is not None:
            alert["endsAt"] = ends_at.isoformat()
        requests.post(f"http://{self.address}/api/v2/alerts", json=[alert], timeout=5).raise_for_status()

    def delivered(self) -> int:
        """How many deliveries it has made, and that none failed."""
        text = requests.get(f"http://{self.address}/metrics", timeout=5).text
        done = re.search(r'^alertmanager_notifications_total\{integration="webhook"\} (\S+)', text, re.MULTILINE)
        failed = re.findall(
            r'^alertmanager_notifications_failed_total\{integration="webhook".*\} (\S+)', text, re.MULTILINE
        )
        assert sum(map(float, failed)) == 0, text
        return int(float(done[1])) if done else 0

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)
        self._log.close()


def signals() -> list[str]:
    found = [s.status.value for s in db.session.query(AlertSignal).order_by(AlertSignal.id)]
    db.session.rollback()
    return found


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[Alertmanager]]:
    running: list[Alertmanager] = []
    yield running
    for alertmanager in running:
        alertmanager.stop()


def test_it_fires_repeats_resolves_and_replays(
    desk: Desk, app: Flask, tmp_path: Path, started: list[Alertmanager]
) -> None:
    factories.make_service("VPN", desk.people.finance)
    server = desk.server()
    token = factories.make_token(desk.people.teresa, "intake")
    began = datetime.now(UTC) - timedelta(minutes=1)
    first = Alertmanager(tmp_path / "first", server.url, token)
    started.append(first)
    with app.app_context():
        first.post(began)
        wait_until(lambda: signals() == ["firing"], "the alert arrived", 30 + SLACK_SECONDS)
        [draft] = db.session.query(Announcement)
        assert (draft.status, draft.title, draft.owner_id) == (Status.draft, "VPN is down", None)

        repeats = size(2, 10)
        wait_until(lambda: first.delivered() > repeats, "it repeats what still fires", 60 + SLACK_SECONDS)
        assert signals() == ["firing"]

        first.post(began, ends_at=datetime.now(UTC) - timedelta(seconds=1))
        wait_until(lambda: signals() == ["firing", "resolved"], "the end arrived", 30 + SLACK_SECONDS)

        # One without a memory learns of the alert anew, and delivers what was over long ago.
        second = Alertmanager(tmp_path / "second", server.url, token)
        started.append(second)
        second.post(began)
        wait_until(lambda: second.delivered() > repeats, "it replays", 60 + SLACK_SECONDS)
        assert signals() == ["firing", "resolved"]
        db.session.rollback()
        assert [a.status for a in db.session.query(Announcement)] == [Status.draft]
        db.session.rollback()
