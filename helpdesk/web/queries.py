"""Whether this process can do its work."""

from __future__ import annotations

import structlog
from flask import current_app
from sqlalchemy import text

from helpdesk.core import migrations
from helpdesk.core.database import db

log = structlog.get_logger(__name__)


def failing_checks() -> list[str]:
    """The names of the checks that fail now: database, migrations, and what the rooms registered in `State.health`."""
    if not _passes("database", _reach_database):
        return ["database"]  # the others would only say the same
    checks = {"migrations": _check_migrations, **current_app.extensions["helpdesk"].health}
    return [name for name, check in checks.items() if not _passes(name, check)]


def stopped_loops() -> list[str]:
    """The names of this process's own loops that have stopped turning: only a restart helps."""
    return [name for name, check in current_app.extensions["helpdesk"].pulse.items() if not _passes(name, check)]


def missing_helpers() -> list[str]:
    """The names of what is away that this process can do without, such as Redis."""
    return [name for name, check in current_app.extensions["helpdesk"].degraded.items() if not _passes(name, check)]


def _passes(name: str, check: object) -> bool:
    try:
        problem = check() if callable(check) else None
    except Exception:
        log.exception("check failed", check=name)
        return False
    if problem is not None:
        log.warning("not ready", check=name, problem=problem)
    return problem is None


def _reach_database() -> None:
    try:
        db.session.execute(text("SELECT 1"))
    finally:
        db.session.rollback()


def _check_migrations() -> str | None:
    """Asked until it is true once: a schema that is current stays so for the life of the process."""
    if not current_app.extensions.get("helpdesk_schema_is_current"):
        if not migrations.is_current():
            return "the schema is behind; run `helpdesk migrate`"
        current_app.extensions["helpdesk_schema_is_current"] = True
    return None
