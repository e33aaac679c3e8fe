"""SQLite's side of backups: the database file as a whole, copied by its online backup."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from helpdesk.cli.backups.archive import DATABASE, BadBackup, Writer
from helpdesk.core.database import db
from helpdesk.core.sqlite import tune

LOCK_SECONDS = 60
DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class DamagedFile(Exception):
    """The present database file is none that SQLite can use."""


def database_path() -> Path:
    path = db.engine.url.database
    if not path or path == ":memory:":
        raise BadBackup("a database in memory cannot be backed up")
    return Path(path)


def size() -> int:
    """How many bytes the database takes now."""
    path = database_path()
    return path.stat().st_size if path.exists() else 0


class SqliteCopy:
    """The database as it was at one moment: writers go on meanwhile and are not seen."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / DATABASE
        if not database_path().is_file():  # to connect would make an empty one
            raise BadBackup(f"there is no database {database_path()}")
        # In one step: in several, a writer in between would make it begin again, perhaps for ever.
        source = sqlite3.connect(database_path(), timeout=LOCK_SECONDS)
        with closing(source), closing(sqlite3.connect(self._path)) as target:
            source.backup(target, pages=-1)
            target.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
        check(self._path)
        self._engine = sa.create_engine(f"sqlite:///{self._path}", poolclass=sa.NullPool)

    def connect(self) -> sa.Connection:
        """A connection that sees the copy."""
        return self._engine.connect()

    def write(self, archive: Writer) -> None:
        archive.add(DATABASE, self._path)


def check(path: Path) -> None:
    """Raises BadBackup when SQLite finds anything wrong with this file, or rows that refer to nothing."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            orphan = connection.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as error:
        raise BadBackup(f"the database in it is damaged: {error}") from error
    if found != "ok":
        raise BadBackup(f"the database in it is damaged: {found}")
    if orphan is not None:
        raise BadBackup(f"rows of {orphan[0]} in it refer to rows that are not there")


def engine_of(folder: Path) -> sa.Engine:
    """An engine for the unpacked database, with the settings of the program's own."""
    engine = sa.create_engine(f"sqlite:///{folder / DATABASE}", poolclass=sa.NullPool)
    tune(engine)
    return engine


def put_in_place(folder: Path) -> None:
    """Make the program's database hold what the unpacked one holds, in one transaction that running processes see.

    Raises DamagedFile when the present file is no database any more, and BadBackup when it cannot be written into for
    another reason, such as a full disk: then it is as it was.
    """
    path = database_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        source = sqlite3.connect(folder / DATABASE)
        with closing(source), closing(sqlite3.connect(path, timeout=LOCK_SECONDS)) as target:
            source.backup(target, pages=-1)
        with closing(sqlite3.connect(path)) as target:
            target.execute("PRAGMA journal_mode = WAL")
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGE:
            raise DamagedFile(str(error)) from error
        raise BadBackup(f"the present database cannot be written into ({error})") from error


def set_aside() -> list[Path]:
    """Move a database file that SQLite cannot use out of the way, with what lies beside it. The new names."""
    path, moved = database_path(), []
    for suffix in ("", "-wal", "-shm"):
        old = path.with_name(path.name + suffix)
        if old.exists():
            new = path.with_name(path.name + suffix + ".damaged")
            old.replace(new)
            moved.append(new)
    return moved
