"""All commands of the host under one roof."""

from __future__ import annotations

import click

from helpdesk.cli import doctor, people, running, upgrading
from helpdesk.cli.backups import commands as backups
from helpdesk.cli.group import Commands


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="helpdesk")
def cli() -> None:
    """The help desk: run it, set it up, look after it.

    Settings come from HELPDESK_* environment variables; docs/operating.md lists them.
    """


for _command in (*upgrading.COMMANDS, *running.COMMANDS, *people.COMMANDS, *doctor.COMMANDS, *backups.COMMANDS):
    cli.add_command(_command)
