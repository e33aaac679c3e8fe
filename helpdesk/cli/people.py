"""Commands about people, their tokens, and the audit log."""

from __future__ import annotations

import click

from helpdesk.accounts import actions, queries
from helpdesk.accounts.models import User
from helpdesk.accounts.rules import SCOPES, NewUser, Purpose, Role
from helpdesk.audit import queries as audit
from helpdesk.cli.group import make_app


@click.group()
def user() -> None:
    """Make and disable people, and let them in again."""


def _find(email: str) -> User:
    found = queries.find_user_by_email(email)
    if found is None:
        raise click.ClickException(f"nobody has the address {email}")
    return found


@user.command()
@click.argument("email")
@click.option("--name", required=True, help="The name as others see it.")
@click.option("--role", type=click.Choice([role.value for role in Role]), default="requester", show_default=True)
@click.option("--department", type=int, help="The number of the department.")
@click.option("--locale", help="Language, such as es.")
@click.option("--time-zone", help="Such as Europe/Madrid.")
def create(email: str, name: str, role: str, department: int | None, locale: str | None, time_zone: str | None) -> None:
    """Make a person, and print a link with which that person sets a password."""
    with make_app().app_context():
        new = NewUser(
            name=name, email=email, role=Role(role), department_id=department, locale=locale, time_zone=time_zone
        )
        made = actions.create_user(None, new)
        link = actions.make_link(None, made.id, Purpose.invitation)
        click.echo(f"{made.name} is number {made.id}. Hand over this link, it works once:\n{link}")


@user.command("first-admin")
@click.argument("email")
@click.option("--name", default="Administrator", show_default=True, help="The name as others see it.")
def first_admin(email: str, name: str) -> None:
    """Make the first administrator: prints a link that sets the password, once, within 15 minutes."""
    with make_app().app_context():
        link = actions.make_first_administrator(name, email)
        click.echo(f"Open this link within 15 minutes and set your password:\n{link}")


@user.command()
@click.argument("email")
def disable(email: str) -> None:
    """Shut a person out at once: sessions end, tokens are revoked."""
    with make_app().app_context():
        actions.disable_user(None, _find(email).id)
        click.echo(f"{email} is disabled.")


@user.command("reset-password")
@click.argument("email")
def reset_password(email: str) -> None:
    """Print a link with which a person sets a new password. It works once, for two hours."""
    with make_app().app_context():
        link = actions.make_link(None, _find(email).id, Purpose.reset)
        click.echo(f"Hand over this link, it works once:\n{link}")


@click.group()
def token() -> None:
    """Tokens for programs that use the API."""


@token.command("create")
@click.argument("email")
@click.option(
    "--scope", "scopes", multiple=True, required=True, type=click.Choice(list(SCOPES)), help="May be given repeatedly."
)
@click.option("--name", default="Command line", show_default=True, help="What the token is for.")
@click.option("--days", type=click.IntRange(1, 365), default=90, show_default=True, help="How long it works.")
def create_token(email: str, scopes: tuple[str, ...], name: str, days: int) -> None:
    """Make a token of a person. It is printed once and cannot be shown again."""
    with make_app().app_context():
        made, text = actions.make_token(None, _find(email).id, name, scopes, days)
        click.echo(f"{made.name}, until {made.expires_at:%Y-%m-%d}:", err=True)
        click.echo(text)


@click.group("audit")
def audit_log() -> None:
    """The record of who did what."""


@audit_log.command()
@click.option("--anchor", metavar="HASH", help="A hash noted down before: the log must still contain it.")
def verify(anchor: str | None) -> None:
    """Check the seals of the whole log; exit 1 when something was altered, deleted or inserted."""
    with make_app().app_context():
        report = audit.verify(anchor)
        for problem in report.problems:
            click.echo(f"{problem.finding.value}: entry {problem.entry_id}: {problem.text}", err=True)
        if report.knows_anchor is False:
            click.echo("the given hash is not in the log: its end was cut off or rewritten", err=True)
        click.echo(f"{report.sealed} entries sealed, {report.unsealed} not yet. Newest hash: {report.head}")
        if not report.is_good:
            raise click.exceptions.Exit(1)
        click.echo("The log is whole.")


COMMANDS = (user, token, audit_log)
