"""Commands that run the program: serve, worker, demo."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable

import click
from flask import Flask

from helpdesk.cli.group import make_app
from helpdesk.config import Settings
from helpdesk.core import clock, failpoints, schema
from helpdesk.core.database import db
from helpdesk.web.logs import catch_the_rest, configure_logging

DEMO = "helpdesk.demo"
ALLOW_FAILPOINTS = click.option(
    "--allow-failpoints", is_flag=True, help="For tests: obey HELPDESK_FAILPOINTS. Refused in production."
)


@click.command()
@click.option("--no-worker", is_flag=True, help="Serve pages only; `helpdesk worker` runs elsewhere.")
@click.option(
    "--drain",
    type=click.FloatRange(0, 600),
    default=0,
    show_default=True,
    metavar="SECONDS",
    help="On SIGTERM turn /readyz red and close sockets over so many seconds before stopping.",
)
@ALLOW_FAILPOINTS
def serve(no_worker: bool, drain: float, allow_failpoints: bool) -> None:
    """Serve the help desk, and do its background work unless told otherwise."""
    from helpdesk import server

    def start(app: Flask) -> None:
        _name_demo_accounts(app)
        server.serve(app, with_worker=not no_worker, drain=drain)

    _run(start, allow_failpoints)


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Answer /healthz, /readyz and /metrics on this port of HELPDESK_HOST."
)
@ALLOW_FAILPOINTS
def worker(port: int | None, allow_failpoints: bool) -> None:
    """Do the background work only: send what is due and ask the clock."""
    from helpdesk import server

    _run(lambda app: server.work(app, port=port), allow_failpoints)


def _name_demo_accounts(app: Flask) -> None:
    """Say who can sign in where the demonstration is loaded. In production they cannot."""
    from helpdesk.accounts import queries
    from helpdesk.accounts.rules import DEMO_PASSWORD

    if app.extensions["helpdesk"].settings.is_production or not _is_migrated(app):
        return
    with app.app_context():
        accounts = queries.list_demo_accounts()
    if accounts:
        click.echo(f'Demonstration accounts, password "{DEMO_PASSWORD}":')
        for user in accounts:
            click.echo(f"  {user.email:24} {user.role.value}")


def _is_migrated(app: Flask) -> bool:
    """Whether the schema is the newest; an older one may lack what is asked for, and `serve` says so itself."""
    with app.app_context():
        return schema.is_newest()


def _run(start: Callable[[Flask], None], allow_failpoints: bool) -> None:
    from helpdesk.server import CannotStart

    app = make_app()
    settings: Settings = app.extensions["helpdesk"].settings
    _set_failpoints(settings, allow_failpoints)
    configure_logging(production=settings.is_production)
    if settings.is_production:
        catch_the_rest()
    try:
        start(app)
    except CannotStart as error:
        raise click.ClickException(str(error)) from error


def _set_failpoints(settings: Settings, is_allowed: bool) -> None:
    if is_allowed and settings.is_production:
        raise click.ClickException("--allow-failpoints lets tests kill this process and is refused in production")
    if settings.failpoints and not is_allowed:
        raise click.ClickException("HELPDESK_FAILPOINTS is set: it is for tests, and only with --allow-failpoints")
    try:
        failpoints.allow(settings.failpoints)
    except failpoints.BadFailpoints as error:
        raise click.ClickException(f"HELPDESK_FAILPOINTS: {error}") from error


@click.command()
@click.option("--if-empty", is_flag=True, help="Do nothing when there are people already.")
def demo(if_empty: bool) -> None:
    """Write the demonstration organisation. Refused in production."""
    app = make_app()
    if app.extensions["helpdesk"].settings.is_production:
        raise click.ClickException("demonstration data has known passwords and is refused in production")
    if importlib.util.find_spec(DEMO) is None:
        raise click.ClickException("this copy of the program comes without demonstration data")
    with app.app_context():
        if _has_people():
            if if_empty:
                return
            raise click.ClickException("there are people already; demonstration data needs an empty database")
        now = clock.now()
        importlib.import_module(DEMO).load(now)
    click.echo("The demonstration organisation is written.")


def _has_people() -> bool:
    from sqlalchemy import select

    from helpdesk.accounts.models import User

    return db.session.scalar(select(User.id).limit(1)) is not None


COMMANDS = (serve, worker, demo)
