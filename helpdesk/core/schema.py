"""Whether the schema is the newest, found without Alembic: every start asks, and its import alone takes a while."""

from __future__ import annotations

import re
from pathlib import Path

from flask import current_app
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from helpdesk.config import ROOT
from helpdesk.core.database import db

HOST_VERSION_TABLE = "alembic_version"
_REVISION = re.compile(r"^revision\b[^=\n]*=\s*[\"']([^\"']+)[\"']", re.MULTILINE)
_BEFORE = re.compile(r"^down_revision\b[^=\n]*=\s*(.+)$", re.MULTILINE)
_QUOTED = re.compile(r"[\"']([^\"']+)[\"']")


def trees() -> list[tuple[Path, str]]:
    """(folder, version table) of the host and then of each plugin of the current application."""
    plugins = current_app.extensions["helpdesk"].plugins.call_all("migrations_path")
    return [(ROOT / "migrations", HOST_VERSION_TABLE)] + [
        (path, f"{HOST_VERSION_TABLE}_{name.rpartition('.')[2]}") for name, path in plugins
    ]


def is_version_table(name: str) -> bool:
    """Whether this table says at which version the host or a plugin stands."""
    return name.startswith(HOST_VERSION_TABLE)


def newest(folder: Path) -> set[str]:
    """The revisions of a tree that no other one follows, as its files say."""
    revisions: set[str] = set()
    followed: set[str] = set()
    for path in (folder / "versions").glob("*.py"):
        source = path.read_text(encoding="utf-8")
        revisions.update(_REVISION.findall(source))
        for before in _BEFORE.findall(source):
            followed.update(_QUOTED.findall(before))
    return revisions - followed


def is_newest() -> bool:
    """Whether every tree stands at its newest version. False also when that cannot be read: ask `migrations` then."""
    try:
        with db.engine.connect() as connection:
            for folder, table in trees():
                rows = connection.execute(text(f"SELECT version_num FROM {table}"))  # noqa: S608 - names of modules
                if set(rows.scalars()) != newest(folder):
                    return False
    except SQLAlchemyError:
        return False
    return True
