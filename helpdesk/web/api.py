"""What every JSON interface of the house is made of; its own routes describe the interface."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any, Generic, Self, TypeVar, get_args
from urllib.parse import urlencode

from flask import request
from flask_babel import gettext as _
from pydantic import AwareDatetime, BaseModel, ConfigDict, field_validator

from helpdesk.core.errors import Invalid, Stale
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
    "paged_whole",
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
        if isinstance(obj, dict):
            obj = obj | {name: _NO_TIME for name in _time_fields(cls) if _is_number(obj.get(name))}
        return cls.model_validate_json(json.dumps(obj), strict=True)


_NO_TIME = "a number"  # in place of digits alone, which would be read as seconds since 1970: always a mistake
_NUMBER = re.compile(r"[+-]?[\d.]+")


def _is_number(value: Any) -> bool:
    return isinstance(value, str) and _NUMBER.fullmatch(value.strip()) is not None


@cache
def _time_fields(body: type[Body]) -> tuple[str, ...]:
    return tuple(name for name, field in body.model_fields.items() if _holds_time(field.annotation))


def _holds_time(annotation: Any) -> bool:
    return annotation in (datetime, AwareDatetime) or any(_holds_time(one) for one in get_args(annotation))


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


def paged_whole(scope: str, items: Iterable[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, str]]:
    """The answer of a list that is short enough to be read whole: one page of it. Raises Invalid.

    Items have an `id`, and keep their order.
    """
    limit, after, rest = limit_argument(), read_cursor(scope), list(items)
    if after is not None:
        places = [place for place, item in enumerate(rest) if item["id"] == after[0]]
        if not places:  # it is gone
            raise Invalid({"cursor": _("This page mark is not valid. Start again from the first page.")})
        rest = rest[places[0] + 1 :]
    page = rest[:limit]
    return paged(page, make_cursor(scope, page[-1]["id"]) if len(rest) > limit else None)


def etag(revision: int) -> dict[str, str]:
    """The header that carries a revision: `return ticket, etag(ticket.revision)`."""
    return {"ETag": f'"{revision}"'}


class Revisions(int):
    """Several revisions that a client would accept: equal to each of them."""

    def __new__(cls, accepted: Iterable[int]) -> Self:
        numbers = frozenset(accepted)
        one = super().__new__(cls, max(numbers))
        one._accepted = numbers
        return one

    _accepted: frozenset[int]

    def __eq__(self, other: object) -> bool:
        return other in self._accepted

    def __ne__(self, other: object) -> bool:
        return other not in self._accepted

    __hash__ = int.__hash__


def if_match() -> int | None:
    """The revision in If-Match, or None without one (or for any, `*`). Raises Stale for what cannot be a revision.

    Of a list any may match: what comes then is equal to each of them.
    """
    if "If-Match" not in request.headers or request.if_match.star_tag:
        return None
    tags = request.if_match.as_set(include_weak=True)
    revisions = {int(tag) for tag in tags if tag.isascii() and tag.isdigit() and len(tag) <= _BIGGEST_REVISION}
    if not revisions:
        raise Stale(_("This was changed in the meantime. Load it again."))
    return Revisions(revisions) if len(revisions) > 1 else revisions.pop()
