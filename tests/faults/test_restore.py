"""An older backup is put in place while pages are open: they forget what is newer, and nothing is sent twice."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from tests.faults.mail_sink import Sink
from tests.faults.pages import Page
from tests.faults.processes import PROMISE_SECONDS, SLACK_SECONDS, START_SECONDS, Browser, Desk, full_form
from tests.faults.test_mail import queue, states
from tests.waiting import wait_until

LIMIT = PROMISE_SECONDS + SLACK_SECONDS


@full_form
def test_a_backup_is_restored_under_open_pages(app: Flask, desk: Desk, tmp_path: Path) -> None:
    """The feed has a new epoch, the outbox waits for a decision, and pages show what the backup says."""
    sink = Sink()
    server = desk.server(environment={"HELPDESK_SMTP_URL": sink.url})
    browser = Browser(server, desk.people.ana)
    pages = [Page(browser, lambda: server) for _number in range(8)]
    try:
        kept = desk.publish(server, "Before the backup")
        wait_until(lambda: all(page.ids == [kept] for page in pages), "it is shown", START_SECONDS)
        before = browser.board(server)
        sink.stop()  # so that mail waits in the backup
        queue(app, 5)
        backup = tmp_path / "backup.tar"
        made = server.run("backup", str(backup))
        assert made.returncode == 0, made.stderr
        sink.start()
        newer = desk.publish(server, "After the backup")
        desk.call(server, "POST", f"/announcements/{kept}/withdraw", {})
        wait_until(lambda: all(page.ids == [newer] for page in pages), "it is shown", LIMIT)
        server.stop(START_SECONDS)
        restored = server.run("restore", str(backup), "--force")
        assert restored.returncode == 0, restored.stderr
        sent = len(sink.accepted)
        server.start(START_SECONDS)
        wait_until(lambda: all(page.ids == [kept] for page in pages), "what is newer is forgotten", 5 + SLACK_SECONDS)
        after = browser.board(server)
        assert after["epoch"] != before["epoch"]
        assert all(page.shows(after) for page in pages)
        server.advance(120)
        last = desk.publish(server, "After the restore")
        wait_until(lambda: all(page.ids == sorted([kept, last]) for page in pages), "pages are told again", LIMIT)
        assert len(sink.accepted) == sent, "nothing is sent while nobody has decided"
        assert server.run("outbox", "discard").returncode == 0
        wait_until(lambda: states(app)["ready"] == 0, "it is decided", LIMIT)
        queue(app, 1, "later")
        wait_until(lambda: sink.count()["later0@helpdesk.example"] == 1, "new mail goes out", 20 + SLACK_SECONDS)
    finally:
        for page in pages:
            page.stop()
        sink.stop()
