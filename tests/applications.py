"""What the applications of one test process have in common.

Every test has an application of its own. What each of them would work out again, with the same result, is kept: the
code of templates, the parts of address rules, and the SQL of statements.
"""

from __future__ import annotations

import sqlite3
from types import CodeType
from typing import Any

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine, event

from helpdesk.core.database import db
from helpdesk.web.routing import LazyRule

_engines: dict[str, Engine] = {}  # the first of each database
_statements: dict[Any, Any] = {}
_rules: dict[Any, tuple[Any, ...]] = {}


class TemplateCode(BytecodeCache):
    """The compiled code of templates in memory: by the name, the file and the text of each."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._known[bucket.key, bucket.checksum] = bucket.code


_templates = TemplateCode()


def share(app: Flask) -> None:
    """Let the application use what others have worked out."""
    app.jinja_env.bytecode_cache = _templates
    with app.app_context():
        engine = db.engine
    # Statements are kept by the dialect that they were written for, and a dialect knows its database's version.
    engine.dialect = _engines.setdefault(engine.dialect.name, engine).dialect
    engine.update_execution_options(compiled_cache=_statements)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _trust_the_machine)


def _trust_the_machine(connection: sqlite3.Connection, _record: object) -> None:
    """No waiting for the disk, as in the tests' PostgreSQL: what survives a power cut is tested in `faults/`."""
    connection.execute("PRAGMA synchronous=OFF")


_compile = LazyRule.compile


def _compile_once(rule: LazyRule) -> None:
    """The parts of a rule follow from its text alone: every map of ours has the same converters."""
    assert rule.map is not None
    key = (rule.rule, rule.subdomain, rule.host, rule.merge_slashes, rule.map.host_matching, *rule.map.converters)
    if key not in _rules:
        _compile(rule)
        _rules[key] = (rule._parts, rule._trace, rule._converters, rule.arguments.copy())
        return
    rule._parts, rule._trace, rule._converters, arguments = _rules[key]
    rule.arguments |= arguments
    rule._build = rule._compile_builder(False).__get__(rule, None)  # type: ignore[attr-defined]
    rule._build_unknown = rule._compile_builder(True).__get__(rule, None)  # type: ignore[attr-defined]


LazyRule.compile = _compile_once  # type: ignore[method-assign]
