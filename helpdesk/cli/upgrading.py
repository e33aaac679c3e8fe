"""`helpdesk migrate`: the newest schema, with a backup of what was there before it."""

from __future__ import annotations

from pathlib import Path

import click
from flask import current_app

from helpdesk.cli.group import make_app
from helpdesk.core import clock
from helpdesk.core.database import db, is_postgresql


@click.command()
@click.option("--no-backup", is_flag=True, help="Do not back the database up before its schema is changed.")
def migrate(no_backup: bool) -> None:
    """Bring the database to the newest schema. Safe to run twice and from several machines: the second one waits."""
    from helpdesk.core import migrations  # other commands start without Alembic

    with make_app().app_context():
        if not is_postgresql() and (path := db.engine.url.database):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        if not migrations.is_current():
            with migrations.turn():
                _upgrade(no_backup)
    click.echo("The database is at the newest version.")


def _upgrade(no_backup: bool) -> None:
    """In our turn: another one may have done it while we waited."""
    from helpdesk.core import migrations

    state = migrations.state()
    if state is migrations.SchemaState.newer:
        raise click.ClickException(migrations.NEWER)
    if state is migrations.SchemaState.current:
        return
    if not migrations.is_empty():
        if no_backup:
            click.echo("No backup is made, as --no-backup says.", err=True)
        else:
            _back_up()
    migrations.upgrade()


def _back_up() -> None:
    """The database without attachments, which no migration touches. Raises ClickException when it cannot be made."""
    from helpdesk.cli.backups import making
    from helpdesk.cli.backups.archive import BadBackup

    folder = Path(current_app.instance_path) / "backups"
    target = folder / f"before-upgrade-{clock.now():%Y-%m-%dT%H%M%SZ}.tar"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        making.make(target, lambda _text: None, with_attachments=False)
    except (BadBackup, OSError) as error:
        raise click.ClickException(
            f"no backup could be made before the upgrade: {error}. Nothing was changed; "
            "make one yourself, then run `helpdesk migrate --no-backup`"
        ) from error
    click.echo(f"The database as it was is in {target}.")


COMMANDS = (migrate,)
