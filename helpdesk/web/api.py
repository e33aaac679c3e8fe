"""What every JSON interface of the house is made of; its own routes describe the interface."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Generic, Self, TypeVar
from urllib.parse import urlencode

from flask import request
from flask_babel import gettext as _
from pydantic import BaseModel, ConfigDict, field_validator

from helpdesk.core.errors import Stale
from helpdesk.web.idempotency import idempotent
from helpdesk.web.paging import limit_argument, make_cursor, read_cursor
from helpdesk.web.text import holds_control_characters

__all__ = [
    "Answer",
    "Body",
    "Page",
    "Sent",
    "etag",
    "idempotent",
    "if_match",
    "limit_argument",
    "make_cursor",
    "paged",
    "read_cursor",
]

T = TypeVar("T")
_BIGGEST_REVISION = 18  # digits


class Sent(BaseModel):
    """Base of what a client sends: unknown fields are refused, text is stripped and free of control characters.

    For query strings, where every value is text. What comes as JSON is a `Body`.
    """

    # Two hundred shapes: each is built when it is first used.
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, allow_inf_nan=False, defer_build=True)

    @field_validator("*", mode="after")
    @classmethod
    def _no_control_characters(cls, value: Any) -> Any:
        if holds_control_characters(value):
            raise ValueError(_("Please remove the invisible control characters."))
        return value


class Body(Sent):
    """Base of a JSON body. Its types are taken as they are: `true` is no number, and "2" is text."""

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """As pydantic's, by the strict rules of its JSON mode, which still reads times and choices from text."""
        return cls.model_validate_json(json.dumps(obj), strict=True)


class Answer(BaseModel):
    """Base of what a client gets; may be made from rows and dataclasses. Only the declared fields go out."""

    model_config = ConfigDict(from_attributes=True, defer_build=True)


class Page(Answer, Generic[T]):
    """One page of a list. Give it a name of its own: `class TicketPage(Page[TicketOut]): …`."""

    items: list[T]
    next: str | None = None


def paged(items: Iterable[Any], next_cursor: str | None) -> tuple[dict[str, Any], dict[str, str]]:
    """The answer of a list: its body, and the header that links to the next page."""
    headers = {}
    if next_cursor is not None:
        arguments = [(k, v) for k, v in request.args.items(multi=True) if k != "cursor"] + [("cursor", next_cursor)]
        headers["Link"] = f'<{request.base_url}?{urlencode(arguments)}>; rel="next"'
    return {"items": list(items), "next": next_cursor}, headers


def etag(revision: int) -> dict[str, str]:
    """The header that carries a revision: `return ticket, etag(ticket.revision)`."""
    return {"ETag": f'"{revision}"'}


def if_match() -> int | None:
    """The revision in If-Match, or None without one (or for any, `*`). Raises Stale for what cannot be a revision."""
    text = request.headers.get("If-Match", "*").strip()
    if text == "*":
        return None
    digits = text.removeprefix("W/").strip('"')
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _BIGGEST_REVISION):
        raise Stale(_("This was changed in the meantime. Load it again."))
    return int(digits)
