"""Writes audit entries. The one `actions` module that is called from inside other rooms' transactions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Protocol

import structlog
from flask import g, has_request_context, request
from sqlalchemy import insert, select
from structlog.contextvars import get_contextvars

from helpdesk.audit.models import AuditEntry
from helpdesk.audit.rules import ALARM
from helpdesk.core import clock
from helpdesk.core.database import is_in_transaction, require_connection, table_of, transaction

log = structlog.get_logger(__name__)
ALARM_PAUSE = timedelta(hours=1)  # between two entries of the same name


WRITE = insert(table_of(AuditEntry)).inline().execution_options(is_short=True)


class Named(Protocol):
    """Who acts: a viewer or a user row."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...


def record(
    actor: Named | None,
    action: str,
    object_kind: str,
    object_id: object,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write down an act in the running transaction. `actor` None is the system. Values are made JSON-ready here.

    `action` is `<object>.<verb>` such as "ticket.assigned". Never hand over secrets: rows are kept for ever.
    """
    require_connection().execute(
        WRITE,
        {
            "at": clock.now(),
            "actor_id": None if actor is None else actor.id,
            "actor": "system" if actor is None else actor.name,
            "action": action,
            "object_kind": object_kind,
            "object_id": str(object_id),
            "before": _plain(before),
            "after": _plain(after),
            "request_id": get_contextvars().get("request_id"),
            "address": request.remote_addr if has_request_context() else None,
        },
    )


def raise_alarm(name: str, **facts: Any) -> None:
    """Tell administrators that a budget is used up or something was given up: in the log at once, and under
    Administration for a day.

    The entry is written once an hour. Inside a transaction, which the caller is about to give up, it is written when
    the request ends.
    """
    log.error("alarm", alarm=name, **facts)
    if is_in_transaction():
        g.setdefault("alarms", {})[name] = facts
    else:
        _write_alarm(name, facts)


def write_waiting_alarms(_error: BaseException | None = None) -> None:
    """Write down what was raised inside of transactions. For the end of an application context."""
    for name, facts in g.pop("alarms", {}).items():
        try:
            _write_alarm(name, facts)
        except Exception:
            log.exception("an alarm could not be written down", alarm=name)


def _write_alarm(name: str, facts: Mapping[str, Any]) -> None:
    since = clock.now() - ALARM_PAUSE
    of_name = (AuditEntry.object_kind == ALARM, AuditEntry.object_id == name, AuditEntry.at > since)
    with transaction() as session:
        if session.scalar(select(AuditEntry.id).where(*of_name).limit(1)) is None:
            record(None, f"alarm.{name}", ALARM, name, after=facts)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(v) for v in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
