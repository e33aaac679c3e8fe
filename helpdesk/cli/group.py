"""The group of all commands: its own, then those of the plugins; expected failures become one line on stderr."""

from __future__ import annotations

from typing import Any

import click
from flask import Flask
from sqlalchemy.exc import OperationalError, ProgrammingError

from helpdesk.app import create_app
from helpdesk.config import BadSettings, load_settings
from helpdesk.core.errors import HelpdeskError
from helpdesk.hooks.registry import BadPlugin


def make_app() -> Flask:
    """The application for the settings of this process. Raises ClickException with every problem of the settings."""
    try:
        return create_app(load_settings())
    except BadSettings as error:
        raise click.ClickException(f"the settings are wrong:\n{error}") from error
    except BadPlugin as error:
        raise click.ClickException(str(error)) from error


class Commands(click.Group):
    """Looks at the plugins only for a command that is not its own, so that a broken plugin cannot stop `doctor`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = super().list_commands(ctx)
        try:
            return sorted({*names, *_plugin_commands(make_app())})
        except click.ClickException as error:
            click.echo(f"Commands of plugins are missing here: {error.message}", err=True)
            return names

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if found := super().get_command(ctx, name):
            return found
        app = make_app()
        found = _plugin_commands(app).get(name)
        if found is not None:
            ctx.with_resource(app.app_context())
        return found

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except HelpdeskError as error:
            fields = getattr(error, "fields", None) or {"": [error.message]}
            lines = [f"{name}: {text}" if name else str(text) for name, texts in fields.items() for text in texts]
            raise click.ClickException("\n".join(lines) or type(error).__name__) from error
        except (OperationalError, ProgrammingError) as error:
            first = str(error.orig).strip().partition("\n")[0]
            raise click.ClickException(
                f"the database refused: {first}. Check HELPDESK_DATABASE_URL and run `helpdesk migrate`"
            ) from error


def _plugin_commands(app: Flask) -> dict[str, click.Command]:
    found = app.extensions["helpdesk"].plugins.call_all("commands")
    return {str(command.name): command for _plugin, commands in found for command in commands}
