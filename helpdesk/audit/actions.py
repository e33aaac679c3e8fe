"""Writes audit entries. The one `actions` module that is called from inside other rooms' transactions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from flask import has_request_context, request
from structlog.contextvars import get_contextvars

from helpdesk.audit.models import AuditEntry
from helpdesk.core import clock
from helpdesk.core.database import require_transaction


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
    require_transaction().add(
        AuditEntry(
            at=clock.now(),
            actor_id=None if actor is None else actor.id,
            actor="system" if actor is None else actor.name,
            action=action,
            object_kind=object_kind,
            object_id=str(object_id),
            before=_plain(before),
            after=_plain(after),
            request_id=get_contextvars().get("request_id"),
            address=request.remote_addr if has_request_context() else None,
        )
    )


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
