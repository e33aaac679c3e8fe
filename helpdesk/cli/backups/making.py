"""Makes a backup while the program runs: the database as it is at one moment, then the files that it names."""

from __future__ import annotations

import importlib.metadata
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from helpdesk.cli.backups import archive
from helpdesk.cli.backups.archive import BadBackup, Manifest, Writer
from helpdesk.cli.backups.postgresql_store import PostgresqlCopy
from helpdesk.cli.backups.postgresql_store import size as postgresql_size
from helpdesk.cli.backups.sqlite_store import SqliteCopy
from helpdesk.cli.backups.sqlite_store import size as sqlite_size
from helpdesk.core import clock, migrations
from helpdesk.core.database import is_postgresql
from helpdesk.core.schema import is_version_table
from helpdesk.tickets.actions.files import attachments_dir
from helpdesk.tickets.models import Attachment

Say = Callable[[str], None]
SPARE = 1.2  # room for the file while the copy it is made from still exists


def make(target: Path, say: Say, *, with_attachments: bool = True) -> Manifest:
    """Write a backup of the current application to `target`. Raises BadBackup with the reason when it cannot be."""
    if target.exists():
        raise BadBackup(f"{target} exists already")
    if not target.absolute().parent.is_dir():
        raise BadBackup(f"there is no folder {target.absolute().parent}")
    _check_room(target)
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=target.absolute().parent) as name:
        folder = Path(name)
        say("copying the database")
        store = PostgresqlCopy(folder) if is_postgresql() else SqliteCopy(folder)
        with archive.writing(target.absolute()) as writer, store.connect() as connection:
            manifest = _describe(connection, with_attachments)
            store.write(writer)
            if isinstance(store, PostgresqlCopy):
                manifest.columns, manifest.sequences = store.columns, store.sequences
            if with_attachments:
                _add_attachments(connection, writer, manifest, say)
            writer.finish(manifest)
    return manifest


def _check_room(target: Path) -> None:
    """The database twice, for the copy and the archive, must fit before anything is begun."""
    needed = int(SPARE * 2 * (postgresql_size() if is_postgresql() else sqlite_size()))
    free = shutil.disk_usage(target.absolute().parent).free
    if free < needed:
        raise BadBackup(f"{target.absolute().parent} has {free // 10**6} MB left and {needed // 10**6} MB are needed")


def _describe(connection: sa.Connection, with_attachments: bool) -> Manifest:
    names = list_tables(connection)
    schema = {name: list(migrations.present(connection, name)) for name in names if is_version_table(name)}
    if not schema:
        raise BadBackup("the database was never migrated: there is nothing to back up")
    epoch, seq = connection.execute(sa.text("SELECT epoch, seq FROM feed_head WHERE id = 1")).one()
    return Manifest(
        program=importlib.metadata.version("helpdesk"),
        made_at=clock.now().isoformat(),
        database="postgresql" if is_postgresql() else "sqlite",
        schema=schema,
        tables=count_rows(connection),
        epoch=epoch,
        seq=seq,
        with_attachments=with_attachments,
    )


def list_tables(connection: sa.Connection) -> list[str]:
    return sorted(sa.inspect(connection).get_table_names())


def count_rows(connection: sa.Connection) -> dict[str, int]:
    """How many rows each table has, those of the versions left out."""
    names = [name for name in list_tables(connection) if not is_version_table(name)]
    counts = {name: sa.select(sa.func.count()).select_from(sa.table(name)) for name in names}
    return {name: connection.scalar(count) or 0 for name, count in counts.items()}


def _add_attachments(connection: sa.Connection, writer: Writer, manifest: Manifest, say: Say) -> None:
    """The files that this copy of the database names. One that is not there is noted: it may have been lost before."""
    if Attachment.__tablename__ not in manifest.tables:
        return
    names = connection.scalars(sa.select(Attachment.storage_name).order_by(Attachment.id)).all()
    say(f"adding {len(names)} attachments")
    for number, name in enumerate(names, 1):
        try:
            writer.add(f"attachments/{name[:2]}/{name}", attachments_dir() / name[:2] / name)
        except FileNotFoundError:
            manifest.missing_attachments.append(name)
        if number % 1000 == 0:
            say(f"{number} of {len(names)} attachments")
