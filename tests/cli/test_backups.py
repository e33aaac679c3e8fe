"""Backup and restore: whole or refused, while the program runs, and nothing is sent twice or shown too long."""

from __future__ import annotations

import json
import stat
import tarfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from helpdesk.accounts.models import User
from helpdesk.cli import doctor
from helpdesk.cli.backups import archive, making, restoring, sqlite_store
from helpdesk.cli.backups.archive import BadBackup
from helpdesk.core import feed, migrations, outbox
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db, transaction
from helpdesk.core.errors import Conflict
from helpdesk.core.outbox import OutboxRow, OutboxState
from helpdesk.scheduling import actions as scheduling
from helpdesk.scheduling import queries
from helpdesk.scheduling.models import SchedulingHeartbeat
from tests import factories
from tests.cli.backing_up import NAME, attach, restore, silent
from tests.databases import START
from tests.listening import Listener, look_at_feed


def queue(event_id: str, due_at: Any = None) -> None:
    with transaction():
        outbox.send("mail", "ana@helpdesk.example", {}, event_id=event_id, due_at=due_at)


@pytest.mark.both_databases
@pytest.mark.usefixtures("context")
def test_everything_comes_back_as_it_was_then(app: Flask, tmp_path: Path, clock: FixedClock) -> None:
    """Rows, files, sequences, what protects the audit log; a new epoch, a paused outbox, nobody seems alive."""
    ana = factories.make_user("Ana")
    file = attach(app, ana.id, b"what is printed")
    queue("before", START)
    scheduling.beat("old", START)
    before = feed.head()
    backup = tmp_path / "backup.tar"
    made = making.make(backup, silent)
    assert (made.tables["user"], made.tables["attachment"], made.attachments) == (1, 1, [f"attachments/ab/{NAME}"])
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600

    bruno = factories.make_user("Bruno")
    file.unlink()
    restore(backup, tmp_path / "unpacked")

    assert db.session.scalars(select(User.name)).all() == ["Ana"]
    assert file.read_bytes() == b"what is printed"
    head = feed.head()
    assert (head.seq, head.epoch == before.epoch) == (before.seq, False)
    assert db.session.scalar(select(func.count()).select_from(SchedulingHeartbeat)) == 0
    assert migrations.is_current()
    assert factories.make_user("Carla").id == bruno.id  # the sequence is where it was
    with pytest.raises(Exception, match="append-only"), transaction() as session:
        session.connection().exec_driver_sql("DELETE FROM audit_entry")
    hits = "SELECT count(*) FROM ticket WHERE is_open"
    assert db.session.connection().exec_driver_sql(hits).scalar() == 1  # computed columns are there again


@pytest.mark.both_databases
@pytest.mark.usefixtures("context")
def test_a_backup_is_of_one_moment(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is committed while it is made is in all of its tables or in none, and its numbers say so."""
    factories.make_user("Ana")
    count = making.count_rows

    def count_and_go_on(connection: Any) -> dict[str, int]:
        counted = count(connection)
        with app.app_context():
            factories.make_user("Bruno")
        return counted

    monkeypatch.setattr(making, "count_rows", count_and_go_on)
    made = making.make(tmp_path / "backup.tar", silent)
    monkeypatch.undo()
    db.session.remove()
    assert (made.tables["user"], count(db.session.connection())["user"]) == (1, 2)
    db.session.remove()
    restore(tmp_path / "backup.tar", tmp_path / "unpacked")
    assert db.session.scalars(select(User.name)).all() == ["Ana"]


def test_open_pages_forget_what_is_newer_than_the_backup(app: Flask, tmp_path: Path) -> None:
    """The page had a later number of the feed; after the restore it gets the whole board anew, under a new epoch."""
    listener = Listener(app, factories.make_user("Ana"))
    with app.app_context():
        making.make(tmp_path / "backup.tar", silent)
        with transaction():
            feed.record("announcement", 1)
    assert listener.connect()
    look_at_feed(app)
    [before] = [board for name, board in listener.frames() if name == "board"]
    with app.app_context():
        restore(tmp_path / "backup.tar", tmp_path / "one")
    look_at_feed(app)
    [after] = [board for name, board in listener.frames() if name == "board"]
    assert after["seq"] < before["seq"]
    assert after["epoch"] != before["epoch"]
    assert listener.board()["epoch"] == after["epoch"]
    with app.app_context():
        restore(tmp_path / "backup.tar", tmp_path / "two", end_sessions=True)
    look_at_feed(app)
    assert not listener.is_connected


def test_a_session_of_after_the_backup_ends(app: Flask, tmp_path: Path) -> None:
    ana = factories.make_user("Ana")
    with app.app_context():
        making.make(tmp_path / "backup.tar", silent)
    listener = Listener(app, ana)
    assert listener.connect()
    look_at_feed(app)
    with app.app_context():
        restore(tmp_path / "backup.tar", tmp_path / "one")
    look_at_feed(app)
    assert not listener.is_connected


@pytest.mark.both_databases
@pytest.mark.parametrize("verdict", ["release", "discard"])
@pytest.mark.usefixtures("context")
def test_the_outbox_waits_for_a_decision(app: Flask, tmp_path: Path, clock: FixedClock, verdict: str) -> None:
    """Nothing is sent before it. Discarding drops what is due by then and keeps what has its time still to come."""
    queue("due", START)
    queue("later", START + timedelta(days=1))
    making.make(tmp_path / "backup.tar", silent)
    restore(tmp_path / "backup.tar", tmp_path / "unpacked")
    clock.advance(minutes=5)
    queue("new")
    assert outbox.lease("worker", 10, clock.now()) == []
    assert not queries.has_due_effects(clock.now())
    answer = app.test_client().get("/readyz").get_json()
    assert "outbox" in answer["degraded"]
    with pytest.raises(doctor.Trouble, match="paused since"):
        doctor.check_outbox(app.extensions["helpdesk"].settings)
    if verdict == "release":
        scheduling.release_outbox()
        assert {item.event_id for item in outbox.lease("worker", 10, clock.now())} == {"due", "new"}
    else:
        assert scheduling.discard_outbox() == 2
        assert outbox.lease("worker", 10, clock.now()) == []
    states = dict(db.session.execute(select(OutboxRow.event_id, OutboxRow.state)).all())
    assert states["later"] is OutboxState.ready
    assert states["due"] is (OutboxState.ready if verdict == "release" else OutboxState.dropped)
    with pytest.raises(Conflict):
        scheduling.release_outbox()


@pytest.mark.database("sqlite")
@pytest.mark.usefixtures("context")
def test_a_database_that_is_not_there_is_not_made_by_its_backup(app: Flask, tmp_path: Path) -> None:
    db.session.remove()
    db.engine.dispose()
    path = sqlite_store.database_path()
    path.rename(tmp_path / "elsewhere")
    with pytest.raises(BadBackup, match="there is no database"):
        making.make(tmp_path / "backup.tar", silent)
    assert not path.exists()
    assert not (tmp_path / "backup.tar").exists()


@pytest.mark.usefixtures("context")
def test_a_database_in_use_is_not_overwritten_by_accident(app: Flask, clock: FixedClock) -> None:
    restoring.check_free()
    scheduling.beat("desk:77", clock.now())
    with pytest.raises(restoring.InUse, match="the worker desk:77"):
        restoring.check_free()
    clock.advance(minutes=1)
    restoring.check_free()
    factories.make_user("Ana")
    with pytest.raises(restoring.InUse, match="1 people"):
        restoring.check_free()


@pytest.mark.usefixtures("context")
def test_the_manifest_lists_secrets_and_no_half_file_stays(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, elsewhere = tmp_path / "backup.tar", tmp_path / "elsewhere"
    elsewhere.touch()
    (tmp_path / "backup.tar.part").symlink_to(elsewhere)
    made = making.make(target, silent)
    assert elsewhere.stat().st_size == 0
    with tarfile.open(target) as tar:
        values = json.loads(tar.extractfile(archive.MANIFEST).read())  # type: ignore[union-attr]
    assert "HELPDESK_SECRET_KEY" in values["secrets"]["outside"]
    assert app.config["SECRET_KEY"] not in json.dumps(values)
    with pytest.raises(BadBackup, match="exists already"):
        making.make(target, silent)

    def fails(*_arguments: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(archive.Writer, "finish", fails)
    with pytest.raises(OSError, match="no space"):
        making.make(tmp_path / "second.tar", silent)
    assert sorted(path.name for path in tmp_path.iterdir() if "second" in path.name or path.name[0] == ".") == []
    assert made.files
