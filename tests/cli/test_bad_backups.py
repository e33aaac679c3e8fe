"""Backups that are damaged, foreign, of another time or refused: said by name, and nothing is changed."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk.accounts.models import User
from helpdesk.cli.backups import archive, making, restoring, sqlite_store
from helpdesk.cli.backups.archive import BadBackup
from helpdesk.core.database import db, is_postgresql
from tests import factories
from tests.cli.backing_up import DATA, NAME, attach, rewrite, silent


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
