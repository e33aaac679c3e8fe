"""Keyset paging: a cursor says after which row the next page starts, signed so that nobody can make one up."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import current_app, request
from flask_babel import gettext as _
from itsdangerous import BadData, URLSafeSerializer

from helpdesk.core.errors import Invalid

DEFAULT_LIMIT = 50
MOST = 100
NOT_FILTERS = ("cursor", "fragment")
_LONGEST_CURSOR = 1000
Key = str | int | datetime | None


def _serializer(scope: str) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt=f"cursor.{scope}")


def make_cursor(scope: str, *keys: Key) -> str:
    """The cursor of the list `scope` for the sort keys of the last row shown."""
    packed = [["t", key.isoformat()] if isinstance(key, datetime) else ["v", key] for key in keys]
    return str(_serializer(scope).dumps(packed))


def older_url(scope: str, *keys: Key) -> str:
    """The address of the next page of the present list, with its filters."""
    arguments = [(name, value) for name, value in request.args.items(multi=True) if name not in NOT_FILTERS and value]
    return "?" + urlencode([*arguments, ("cursor", make_cursor(scope, *keys))])


def read_cursor(scope: str, text: str | None = None) -> tuple[Any, ...] | None:
    """The keys in `text`, by default in the `cursor` of the address; None when there is no cursor.

    Raises Invalid for a cursor that was changed, or that belongs to another list.
    """
    text = request.args.get("cursor") if text is None else text
    if not text:
        return None
    try:
        if len(text) > _LONGEST_CURSOR:
            raise ValueError(text)
        packed = _serializer(scope).loads(text)
        return tuple(datetime.fromisoformat(value) if kind == "t" else value for kind, value in packed)
    except (BadData, ValueError, TypeError) as error:
        raise Invalid({"cursor": _("This page mark is not valid. Start again from the first page.")}) from error


def limit_argument(default: int = DEFAULT_LIMIT, most: int = MOST) -> int:
    """The `limit` of the address: 1 to `most`. Raises Invalid."""
    text = request.args.get("limit")
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and 1 <= int(text) <= most):
        raise Invalid({"limit": _("Choose a number from 1 to %(most)s.", most=most)})
    return int(text)
