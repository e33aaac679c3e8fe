"""Puts a backup back: checked first, then in one transaction, with a new epoch and a paused outbox.

The new epoch tells every open page to forget what it holds, which may be newer than what is true now. The outbox is
paused because what was sent after the backup looks unsent.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import sqlalchemy as sa

from helpdesk.accounts.models import User, UserSession
from helpdesk.cli.backups import archive, making, postgresql_store, sqlite_store
from helpdesk.cli.backups.archive import BadBackup, Manifest
from helpdesk.cli.backups.making import Say
from helpdesk.core import clock, migrations
from helpdesk.core.database import db, is_postgresql
from helpdesk.core.feed import FeedHead
from helpdesk.core.outbox import OutboxHold
from helpdesk.realtime.models import RealtimePresence
from helpdesk.scheduling.models import SchedulingHeartbeat
from helpdesk.tickets.actions.files import attachments_dir

ALIVE_SECONDS = 30  # who gave a sign of life so recently uses the database


class InUse(Exception):
    """The database holds something, or processes run on it. The text says what."""


def verify(path: Path, folder: Path, say: Say) -> Manifest:
    """Unpack the backup into `folder` and check all of it without touching anything else. Raises BadBackup."""
    say("checking the backup")
    if not path.is_file():
        raise BadBackup(f"there is no file {path}")
    manifest = archive.unpack(path, folder)
    kind = "postgresql" if is_postgresql() else "sqlite"
    if manifest.database != kind:
        raise BadBackup(f"it was made of {manifest.database}, and HELPDESK_DATABASE_URL names {kind}")
    versions = {table: tuple(revisions) for table, revisions in manifest.schema.items()}
    if unknown := migrations.unknown_revisions(versions):
        raise BadBackup(
            f"its schema is newer than this program or of a plugin that is not loaded: {', '.join(unknown)}. "
            f"Install the version that made it ({manifest.program}) or a newer one, and set HELPDESK_PLUGINS as it was"
        )
    data = [f"tables/{name}.copy" for name in manifest.columns] if is_postgresql() else [archive.DATABASE]
    if lost := sorted(set(data) - manifest.files.keys()):
        raise BadBackup(f"it holds no {', '.join(lost)}")
    if not is_postgresql():
        _verify_sqlite(manifest, folder)
    return manifest


def _verify_sqlite(manifest: Manifest, folder: Path) -> None:
    sqlite_store.check(folder / archive.DATABASE)
    engine = sqlite_store.engine_of(folder)
    with engine.connect() as connection:
        _compare(manifest, making.count_rows(connection))


def _compare(manifest: Manifest, tables: dict[str, int]) -> None:
    for name in sorted(manifest.tables.keys() | tables.keys()):
        if manifest.tables.get(name) != tables.get(name):
            raise BadBackup(
                f"table {name} has {tables.get(name)} rows and the manifest says {manifest.tables.get(name)}"
            )


def check_free() -> None:
    """Raises InUse when the database has people in it, or processes that work on it."""
    try:
        with db.engine.connect() as connection:
            tables = set(making.list_tables(connection))
            people = connection.scalar(sa.select(sa.func.count()).select_from(User)) if "user" in tables else 0
            alive = _find_alive(connection, tables)
    except sa.exc.DatabaseError as error:
        raise InUse(f"the database cannot be read ({str(error.orig).strip()})") from error
    if alive:
        raise InUse(f"the database is in use by {', '.join(alive)}")
    if people:
        raise InUse(f"the database is not empty: it holds {people} people")


def _find_alive(connection: sa.Connection, tables: set[str]) -> list[str]:
    since = clock.now() - timedelta(seconds=ALIVE_SECONDS)
    alive: list[str] = []
    if SchedulingHeartbeat.__tablename__ in tables:
        rows = sa.select(SchedulingHeartbeat.worker).where(SchedulingHeartbeat.at > since)
        alive += [f"the worker {name}" for name in connection.scalars(rows)]
    if RealtimePresence.__tablename__ in tables:
        present = sa.select(RealtimePresence.process).where(RealtimePresence.seen_at > since)
        alive += [f"the web process {name}" for name in connection.scalars(present)]
    return alive


def put_back(manifest: Manifest, folder: Path, say: Say, *, end_sessions: bool) -> list[str]:
    """Replace database and attachments by what was unpacked. What the operator should know besides.

    Raises BadBackup, or OSError for a disk that is full: then both are as they were.
    """
    with _files_at_hand(folder, say) as files:
        say("putting the database in place")
        put = _put_postgresql if is_postgresql() else _put_sqlite
        notes = put(manifest, folder, clock.now(), end_sessions)
        for part, target in files:
            os.replace(part, target)
    db.engine.dispose()
    if manifest.missing_attachments:
        notes.append(f"{len(manifest.missing_attachments)} attachments were missing when the backup was made")
    return notes


def _put_postgresql(manifest: Manifest, folder: Path, now: datetime, end_sessions: bool) -> list[str]:
    try:
        with db.engine.begin() as connection:
            postgresql_store.load(connection, manifest, folder)
            _compare(manifest, making.count_rows(connection))
            migrations.upgrade_inside(connection)
            _begin_anew(connection, manifest, now, end_sessions)
    except (psycopg.Error, sa.exc.DBAPIError) as error:
        cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
        raise BadBackup(f"the database refuses it ({str(cause).strip()})") from error
    return []


def _put_sqlite(manifest: Manifest, folder: Path, now: datetime, end_sessions: bool) -> list[str]:
    engine = sqlite_store.engine_of(folder)
    migrations.upgrade(engine)
    with engine.begin() as connection:
        _begin_anew(connection, manifest, now, end_sessions)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    try:
        sqlite_store.put_in_place(folder)
    except sqlite_store.DamagedFile:
        moved = sqlite_store.set_aside()
        sqlite_store.put_in_place(folder)
        return [f"the present file could not be written into and is now {moved[0].name}"]
    return []


def _begin_anew(connection: sa.Connection, manifest: Manifest, now: datetime, end_sessions: bool) -> None:
    """A new epoch, a paused outbox, and nobody who seems to run or to be online."""
    connection.execute(sa.update(FeedHead).where(FeedHead.id == 1).values(epoch=uuid.uuid4().hex))
    connection.execute(sa.delete(OutboxHold))
    reason = f"a backup of {manifest.made_at[:16].replace('T', ' ')} UTC was restored"
    connection.execute(sa.insert(OutboxHold).values(id=1, since=now, reason=reason))
    connection.execute(sa.delete(RealtimePresence))
    connection.execute(sa.delete(SchedulingHeartbeat))
    if end_sessions:
        connection.execute(sa.update(UserSession).where(UserSession.ended_at.is_(None)).values(ended_at=now))


@contextmanager
def _files_at_hand(folder: Path, say: Say) -> Iterator[list[tuple[Path, Path]]]:
    """The attachments, copied beside where they belong, as (file, name that it shall get). What got none is removed.

    So the room for them is known to be there before the database is touched, and nothing else can fail after it. Other
    files stay; the hourly sweep removes those that no row names.
    """
    source = folder / "attachments"
    paths = [path for path in sorted(source.rglob("*")) if path.is_file()]
    if paths:
        say(f"putting {len(paths)} attachments in place")
    files: list[tuple[Path, Path]] = []
    try:
        for path in paths:
            target = attachments_dir() / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            descriptor, part = tempfile.mkstemp(dir=target.parent)
            files.append((Path(part), target))
            with os.fdopen(descriptor, "wb") as file, open(path, "rb") as data:
                shutil.copyfileobj(data, file)
        yield files
    finally:
        for part_path, _target in files:
            part_path.unlink(missing_ok=True)
