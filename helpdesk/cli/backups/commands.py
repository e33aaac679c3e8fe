"""`helpdesk backup`, `helpdesk restore` and what ends the pause after a restore."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from helpdesk.cli.group import make_app


def _say(text: str) -> None:
    click.echo(text, err=True)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--without-attachments", is_flag=True, help="The database only.")
def backup(file: Path, without_attachments: bool) -> None:
    """Write database and attachments into FILE, as they are at one moment, while the program runs."""
    from helpdesk.cli.backups import archive, making

    with make_app().app_context():
        try:
            made = making.make(file, _say, with_attachments=not without_attachments)
        except (archive.BadBackup, OSError) as error:
            raise click.ClickException(f"no backup was made: {error}") from error
    rows = sum(made.tables.values())
    click.echo(f"{file}: {rows} rows in {len(made.tables)} tables, {len(made.attachments)} attachments.")
    if made.missing_attachments:
        click.echo(f"{len(made.missing_attachments)} attachments are named but not there; see the manifest.", err=True)
    click.echo(f"It holds {', '.join(made.secrets['inside'])}: keep it as safe as the database.")
    click.echo(f"It does not hold {', '.join(made.secrets['outside'])}: keep these elsewhere.")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--check", "only_check", is_flag=True, help="Only look whether the backup is whole and fits.")
@click.option("--force", is_flag=True, help="Overwrite a database that holds people or is in use.")
@click.option("--end-sessions", is_flag=True, help="Sign everybody out: sessions ended after the backup live again.")
def restore(file: Path, only_check: bool, force: bool, end_sessions: bool) -> None:
    """Put the backup in FILE in place. It is checked first; the outbox is paused afterwards."""
    from helpdesk.cli.backups import restoring
    from helpdesk.cli.backups.archive import BadBackup
    from helpdesk.config import Settings

    app = make_app()
    settings: Settings = app.extensions["helpdesk"].settings
    settings.instance_dir.mkdir(parents=True, exist_ok=True)
    with app.app_context(), tempfile.TemporaryDirectory(prefix=".restore-", dir=settings.instance_dir) as folder:
        try:
            manifest = restoring.verify(file, Path(folder), _say)
        except (BadBackup, OSError) as error:
            raise click.ClickException(f"{file} cannot be restored: {error}") from error
        click.echo(f"{file} is whole: made {manifest.made_at} by version {manifest.program}.")
        if only_check:
            return
        try:
            restoring.check_free()
        except restoring.InUse as error:
            if not force:
                raise click.ClickException(f"{error}. Nothing was changed; --force overwrites it") from error
            click.echo(f"Overwriting although {error}.", err=True)
        try:
            notes = restoring.put_back(manifest, Path(folder), _say, end_sessions=end_sessions)
        except (BadBackup, OSError) as error:
            raise click.ClickException(f"{file} cannot be restored: {error}. Nothing was changed") from error
    for note in notes:
        click.echo(note, err=True)
    click.echo(
        "Restored. The outbox is paused, as what was sent after the backup looks unsent: look at it, then run "
        "`helpdesk outbox release` to send what waits or `helpdesk outbox discard` to drop what is due by now."
    )


@click.group()
def outbox() -> None:
    """What waits to be sent, and the pause after a restore."""


@outbox.command()
def status() -> None:
    """Say how much waits and whether it is paused."""
    from helpdesk.scheduling import queries

    with make_app().app_context():
        counts = queries.count_effects()
        click.echo(f"{counts['ready']} wait, {counts['dead']} were given up.")
        click.echo(queries.find_outbox_pause() or "the outbox is not paused")


@outbox.command()
def release() -> None:
    """End the pause: everything that waits is sent, also what was sent after the backup was made."""
    from helpdesk.scheduling import actions

    with make_app().app_context():
        actions.release_outbox()
    click.echo("The outbox is open again.")


@outbox.command()
def discard() -> None:
    """End the pause and drop what is due by now; what is due later is kept."""
    from helpdesk.scheduling import actions

    with make_app().app_context():
        dropped = actions.discard_outbox()
    click.echo(f"{dropped} effects were dropped. The outbox is open again.")


COMMANDS = (backup, restore, outbox)
