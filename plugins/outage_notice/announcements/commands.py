"""`helpdesk outage …`: for people at a terminal, also when the pages cannot be reached."""

from __future__ import annotations

import click

from helpdesk.plugin_api import now
from plugins.outage_notice.announcements.queries import live_announcements
from plugins.outage_notice.announcements.rules import effective_status, phase


@click.group("outage")
def outage() -> None:
    """Announcements of outages and maintenance."""


@outage.command("list")
def list_live() -> None:
    """Print what is announced now and what is coming: id, level, phase, status and title."""
    at = now()
    found = sorted(live_announcements(at), key=lambda a: (a.severity, a.id))
    for a in found:
        click.echo(f"{a.id}\t{a.severity}\t{phase(a, at)}\t{effective_status(a, at)}\t{a.texts[a.locale].title}")
    if not found:
        click.echo("Nothing is announced.", err=True)


COMMANDS = (outage,)
