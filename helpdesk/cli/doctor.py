"""`helpdesk doctor`: looks at everything the program needs, says what is wrong and what to do about it."""

from __future__ import annotations

import os
import platform
import shutil
import smtplib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.errors import MessageError
from email.message import EmailMessage
from pathlib import Path

import click
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from helpdesk.channels import queries as channels
from helpdesk.cli.group import make_app
from helpdesk.config import Settings
from helpdesk.core import clock, migrations
from helpdesk.core.database import db, is_postgresql
from helpdesk.mail import handlers as mail
from helpdesk.scheduling import queries as scheduling
from helpdesk.scheduling.ticker import find_problem_elsewhere

LEAST_FREE_BYTES = 500_000_000
MOST_CLOCK_SECONDS = 5


class Trouble(Exception):
    """A check failed. The text says what is wrong and what to do."""


Check = Callable[[Settings], str]


def check_python(_settings: Settings) -> str:
    version = platform.python_version()
    if not is_header_injection_fixed():
        return (
            f"{version} lacks the fix of CVE-2026-1299, by which line breaks get into headers of mail. This program "
            "refuses them itself; still, install the newest patch release of Python"
        )
    return version


def is_header_injection_fixed() -> bool:
    """Whether this Python's email module refuses a header that holds a line break (CVE-2026-1299)."""
    message = EmailMessage()
    message["Subject"] = _Unfolded("x\r\nBcc: all@example.org\r\n")
    try:
        message.as_bytes()
    except MessageError:
        return True
    return False


class _Unfolded(str):
    """A header's value that is written as it stands."""

    name = "Subject"

    def fold(self, **_options: object) -> str:
        return self


def check_database(_settings: Settings) -> str:
    path = _sqlite_path()
    if path is not None and not path.exists():  # to connect would make an empty one
        raise Trouble(f"is not there: {path}. Check HELPDESK_DATABASE_URL, or make it by `helpdesk migrate`")
    advice = "that this account may read and write it" if path else "that the server runs"
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        raise Trouble(f"cannot be reached: {_first_line(error)}. Check HELPDESK_DATABASE_URL and {advice}") from error
    return db.engine.dialect.name


def _sqlite_path() -> Path | None:
    """Where the database lies, when it is a file."""
    path = db.engine.url.database
    return Path(path) if db.engine.dialect.name == "sqlite" and path and path != ":memory:" else None


def _first_line(error: BaseException) -> str:
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0].rstrip(".")


def check_schema(_settings: Settings) -> str:
    match migrations.state():
        case migrations.SchemaState.newer:
            raise Trouble("is newer than this program. Install the version that migrated it, or restore a backup")
        case migrations.SchemaState.behind:
            raise Trouble("is not at the newest version. Run `helpdesk migrate`")
    return "newest"


def check_redis(settings: Settings) -> str:
    if settings.redis_url is None:
        return "not used"

    import redis

    try:
        redis.Redis.from_url(settings.redis_url, socket_connect_timeout=3, socket_timeout=3).ping()
    except (redis.RedisError, OSError) as error:
        raise Trouble(
            f"does not answer: {_first_line(error)}. Check HELPDESK_REDIS_URL; notices are up to a second late"
        ) from error
    return "answers"


def check_mail(settings: Settings) -> str:
    if settings.smtp_url is None:
        return "no server set: mail is kept under Administration, Outgoing mail"
    try:
        mail.probe()
    except (OSError, smtplib.SMTPException) as error:
        _code, words = mail.answer_of(error)
        raise Trouble(f"server does not take us: {words.rstrip('.')}. Check HELPDESK_SMTP_URL") from error
    return "server answers"


def check_channels(_settings: Settings) -> str:
    """Their addresses were checked when the settings were read; whether they take messages shows by what was sent."""
    if count := channels.count_given_up():
        raise Trouble(f"did not take {count} messages. See Administration, Channels")
    return ", ".join(channel.scheme for channel in channels.channels()) or "none set: calls go in the app and by mail"


def check_clock(_settings: Settings) -> str:
    """The machine's clock against that of the database server; SQLite has no other clock to ask."""
    if not is_postgresql():
        return f"{clock.now():%Y-%m-%d %H:%M:%S} UTC"
    theirs: datetime = db.session.execute(text("SELECT clock_timestamp()")).scalar_one()
    seconds = abs((clock.now() - theirs.astimezone(UTC)).total_seconds())
    if seconds > MOST_CLOCK_SECONDS:
        raise Trouble(f"differs from the database server's by {seconds:.0f} s. Set both by NTP")
    return f"{seconds:.1f} s from the database server's"


def check_ticker(_settings: Settings) -> str:
    if problem := find_problem_elsewhere():
        raise Trouble(f"{problem}. Run `helpdesk serve`, or `helpdesk worker` beside `serve --no-worker`")
    return "alive"


def check_outbox(_settings: Settings) -> str:
    counts = scheduling.count_effects()
    if counts["dead"]:
        raise Trouble(f"holds {counts['dead']} effects that were given up. See Administration, Outgoing mail")
    if problem := scheduling.find_outbox_pause():
        raise Trouble(f"{problem}. {counts['ready']} wait. Run `helpdesk outbox release` or `helpdesk outbox discard`")
    if spent := mail.find_budget_problem():
        raise Trouble(f"waits: {spent[1]} {spent[0]} within an hour. Look for a mailbox that answers itself")
    return f"{counts['ready']} waiting"


def check_disk(settings: Settings) -> str:
    """Room and rights where the program writes: attachments and backups, and the database when it is a file."""
    database = _sqlite_path()
    places = [settings.instance_dir / "attachments", *([database.parent, database] if database else [])]
    found = []
    for place in dict.fromkeys(_existing(path.absolute()) for path in places):
        if not os.access(place, os.W_OK):
            raise Trouble(f"cannot be written by this account: {place}. Run this as the account that serves, or chown")
        free = shutil.disk_usage(place).free
        if free < LEAST_FREE_BYTES:
            raise Trouble(f"has only {free // 1_000_000} MB left in {place}. Make room")
        found.append(free)
    return f"{min(found) // 1_000_000_000} GB free"


def _existing(path: Path) -> Path:
    """The path, or the nearest of its folders that is there."""
    return next(one for one in (path, *path.parents) if one.exists())


CHECKS: dict[str, Check] = {
    "python": check_python,
    "database": check_database,
    "schema": check_schema,
    "redis": check_redis,
    "mail": check_mail,
    "channels": check_channels,
    "clock": check_clock,
    "ticker": check_ticker,
    "outbox": check_outbox,
    "disk": check_disk,
}
# Without them the rest would only say the same again.
FIRST = ("database", "schema")


def examine(app: Flask) -> Iterator[tuple[str, bool, str]]:
    """(name, is good, what was found) of each check. Needs an app context."""
    settings: Settings = app.extensions["helpdesk"].settings
    is_usable = True
    for name, check in CHECKS.items():
        if not is_usable and name in ("schema", "channels", "clock", "ticker", "outbox"):
            continue
        try:
            yield name, True, check(settings)
        except Trouble as trouble:
            is_usable = is_usable and name not in FIRST
            yield name, False, str(trouble)
        except Exception as error:  # the other checks are wanted then more than ever
            db.session.rollback()
            is_usable = is_usable and name not in FIRST
            yield name, False, f"could not be checked ({type(error).__name__}: {_first_line(error)})"


@click.command()
def doctor() -> None:
    """Check Python, database, schema, Redis, mail, channels, clock, ticker, outbox and disk. Exit 1 if one is wrong."""
    app = make_app()
    bad = 0
    with app.app_context():
        for name, is_good, found in examine(app):
            bad += not is_good
            click.echo(f"{'ok ' if is_good else 'BAD'} {name:9} {found}", err=not is_good)
    if bad:
        raise click.exceptions.Exit(1)


COMMANDS = (doctor,)
