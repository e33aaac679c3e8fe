"""Backup and restore: whole or refused, while the program runs, and nothing is sent twice or shown too long."""

from __future__ import annotations

import hashlib
import io
import json
import re
import sqlite3
import stat
import tarfile
from collections.abc import Iterator
from contextlib import closing
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
from helpdesk.core.database import db, is_postgresql, transaction
from helpdesk.core.errors import Conflict
from helpdesk.core.outbox import OutboxRow, OutboxState
from helpdesk.scheduling import actions as scheduling
from helpdesk.scheduling import queries
from helpdesk.scheduling.models import SchedulingHeartbeat
from helpdesk.tickets.models import Attachment, Message, MessageKind, Ticket
from tests import factories
from tests.databases import START
from tests.listening import Listener, look_at_feed

NAME = "ab" + "0" * 46
DATA = (archive.DATABASE, "tables/")  # SQLite's file, or PostgreSQL's tables


def silent(_text: str) -> None:
    """What is said while it works is of no interest here."""


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    """For tests without a browser: requests would share what belongs to one of them."""
    with app.app_context():
        yield


def restore(path: Path, folder: Path, *, end_sessions: bool = False) -> list[str]:
    folder.mkdir()
    manifest = restoring.verify(path, folder, silent)
    db.session.remove()
    return restoring.put_back(manifest, folder, silent, end_sessions=end_sessions)


def attach(app: Flask, requester_id: int, data: bytes) -> Path:
    """A ticket whose message has one file; where it lies."""
    path = Path(app.instance_path) / "attachments" / NAME[:2] / NAME
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    with transaction() as session:
        ticket = Ticket(number=1001, subject="Printer", requester_id=requester_id, created_at=START, updated_at=START)
        session.add(ticket)
        session.flush()
        kind = MessageKind.public_reply
        message = Message(
            ticket_id=ticket.id, author_id=requester_id, kind=kind, body_text="See file", created_at=START
        )
        session.add(message)
        session.flush()
        row = {"id": "a" * 32, "file_name": "a.txt", "content_type": "text/plain", "size_bytes": len(data)}
        session.add(Attachment(message_id=message.id, storage_name=NAME, created_at=START, **row))
    return path


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


def rewrite(source: Path, target: Path, change: Any) -> Path:
    """The archive with each member's bytes changed; None leaves it out."""
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for member in old:
            data = change(member, old.extractfile(member).read())  # type: ignore[union-attr]
            if data is not None:
                member.size = len(data)
                new.addfile(member, io.BytesIO(data))
    return target


@pytest.mark.usefixtures("context")
def test_damage_is_found_before_anything_is_touched(app: Flask, tmp_path: Path) -> None:
    ana = factories.make_user("Ana")
    attach(app, ana.id, b"what is printed")
    good = tmp_path / "good.tar"
    making.make(good, silent)

    def evil(member: tarfile.TarInfo, data: bytes) -> bytes:
        if member.name.startswith("attachments/"):
            member.name = "attachments/../../evil"
        return data

    def foreign_format(member: tarfile.TarInfo, data: bytes) -> bytes:
        return data.replace(archive.FORMAT.encode(), b"other-1") if member.name == archive.MANIFEST else data

    flip = {
        "a changed file": lambda m, d: d[:-1] + b"!" if m.name.startswith("attachments/") else d,
        "a lost file": lambda m, d: None if m.name.startswith("attachments/") else d,
        "a changed database": lambda m, d: d[:5000] + b"?" + d[5001:] if m.name.startswith(DATA) else d,
        "a changed manifest": foreign_format,
        "no manifest": lambda m, d: None if m.name == archive.MANIFEST else d,
        "a name that leads outside": evil,
    }
    for number, (what, change) in enumerate(flip.items()):
        (tmp_path / f"u{number}").mkdir()
        bad = rewrite(good, tmp_path / f"bad{number}.tar", change)
        try:
            restoring.verify(bad, tmp_path / f"u{number}", silent)
        except BadBackup:
            continue
        pytest.fail(f"{what} was not noticed")
    link = tarfile.TarInfo("attachments/ab/link")
    link.type, link.linkname = tarfile.SYMTYPE, "/nowhere"
    with tarfile.open(tmp_path / "link.tar", "w") as tar:
        tar.addfile(link)
    (tmp_path / "link").mkdir()
    with pytest.raises(BadBackup, match="no plain file"):
        restoring.verify(tmp_path / "link.tar", tmp_path / "link", silent)
    cut = tmp_path / "cut.tar"
    cut.write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    (tmp_path / "cut").mkdir()
    with pytest.raises(BadBackup):
        restoring.verify(cut, tmp_path / "cut", silent)
    assert not (tmp_path / "evil").exists()


@pytest.mark.database("sqlite")
@pytest.mark.usefixtures("context")
def test_a_full_disk_leaves_the_present_database_in_its_place(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.make_user("Ana")
    db.session.remove()
    connect, present = sqlite3.connect, sqlite_store.database_path()
    with closing(connect(tmp_path / archive.DATABASE)) as larger:
        larger.execute("CREATE TABLE page (text)")
        larger.executemany("INSERT INTO page VALUES (?)", [("x" * 4000,)] * 2000)
        larger.commit()

    def connect_to_full_disk(path: Path, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(path, **options)
        connection.execute("PRAGMA max_page_count = 1")  # not more than it has
        return connection

    monkeypatch.setattr(sqlite3, "connect", connect_to_full_disk)
    with pytest.raises(BadBackup, match="full"):
        sqlite_store.put_in_place(tmp_path)
    monkeypatch.undo()
    with closing(connect(present)) as unchanged:
        assert unchanged.execute("SELECT name FROM user").fetchall() == [("Ana",)]


@pytest.mark.database("sqlite")
@pytest.mark.usefixtures("context")
def test_a_newer_schema_and_another_database_are_refused_by_name(app: Flask, tmp_path: Path) -> None:
    good = tmp_path / "good.tar"
    made = making.make(good, silent)
    for name, values, words in (
        ("newer", {"schema": made.schema | {"alembic_version": ["0999_later"]}}, "0999_later"),
        ("plugin", {"schema": made.schema | {"alembic_version_weather": ["0001"]}}, "alembic_version_weather"),
        ("kind", {"database": "postgresql"}, "made of postgresql"),
        ("rows", {"tables": made.tables | {"user": 7}}, "table user has 0 rows"),
    ):
        with archive.writing(tmp_path / f"{name}.tar") as writer, tarfile.open(good) as tar:
            path = tmp_path / f"{name}.sqlite3"
            path.write_bytes(tar.extractfile(archive.DATABASE).read())  # type: ignore[union-attr]
            writer.add(archive.DATABASE, path)
            writer.finish(archive.Manifest(**{**made.__dict__, **values}))
        (tmp_path / name).mkdir()
        with pytest.raises(BadBackup, match=words):
            restoring.verify(tmp_path / f"{name}.tar", tmp_path / name, silent)


@pytest.mark.usefixtures("context")
def test_a_manifest_that_this_program_did_not_write(app: Flask, tmp_path: Path) -> None:
    """Its checksum is right, and what it says is incomplete or of another kind: said by name, without a traceback."""
    good = tmp_path / "good.tar"
    making.make(good, silent)
    with tarfile.open(good) as tar:
        values = json.loads(tar.extractfile(archive.MANIFEST).read())  # type: ignore[union-attr]
    left_out = {name: value for name, value in values.items() if name != "epoch"}
    for number, (text, words) in enumerate(
        (
            ("{", "no JSON"),
            ("[]", "format is None"),
            (json.dumps(left_out), "epoch"),
            (json.dumps(values | {"schema": ["0001"]}), "schema"),
            (json.dumps(values | {"files": {"database.sqlite3": {"bytes": 1}}}), "files.database.sqlite3.sha256"),
            (json.dumps(values | {"sequences": {"user_id_seq": 7}}), "sequences.user_id_seq"),
        )
    ):
        digest = hashlib.sha256(text.encode()).hexdigest()
        changed = {archive.MANIFEST: text.encode(), archive.MANIFEST_SUM: digest.encode()}
        bad = rewrite(good, tmp_path / f"bad{number}.tar", lambda m, d, c=changed: c.get(m.name, d))
        (tmp_path / f"u{number}").mkdir()
        with pytest.raises(BadBackup, match=re.escape(words)):
            restoring.verify(bad, tmp_path / f"u{number}", silent)


@pytest.mark.both_databases
@pytest.mark.usefixtures("context")
def test_a_backup_without_its_data_is_refused_before_anything_is_touched(app: Flask, tmp_path: Path) -> None:
    """Neither the file nor the manifest knows of it: an empty database would be put in place."""
    good = tmp_path / "good.tar"
    made = making.make(good, silent)
    nothing = archive.Manifest(**{**made.__dict__, "tables": {}, "files": {}})
    with archive.writing(tmp_path / "hollow.tar") as writer:
        writer.finish(nothing)
    (tmp_path / "hollow").mkdir()
    with pytest.raises(BadBackup, match="it holds no"):
        restoring.verify(tmp_path / "hollow.tar", tmp_path / "hollow", silent)


@pytest.mark.both_databases
@pytest.mark.usefixtures("context")
def test_what_the_database_refuses_changes_no_file(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The attachments get their names after the database has its rows, or not at all."""
    ana = factories.make_user("Ana")
    file = attach(app, ana.id, b"as it was then")
    backup, folder = tmp_path / "backup.tar", tmp_path / "unpacked"
    making.make(backup, silent)
    file.write_bytes(b"as it is now")
    factories.make_user("Bruno")
    folder.mkdir()
    manifest = restoring.verify(backup, folder, silent)
    db.session.remove()
    if is_postgresql():
        path = folder / "tables" / "user.copy"
        path.write_bytes(path.read_bytes().replace(b"Ana\t", b"Ana\t7\t"))  # a column too many
    else:
        monkeypatch.setattr(sqlite_store, "database_path", lambda: tmp_path)  # a folder
    with pytest.raises(BadBackup, match="refuses it" if is_postgresql() else "cannot be written into"):
        restoring.put_back(manifest, folder, silent, end_sessions=False)
    assert file.read_bytes() == b"as it is now"
    assert [path.name for path in file.parent.iterdir()] == [NAME]
    assert sorted(db.session.scalars(select(User.name))) == ["Ana", "Bruno"]


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
