"""Readable messages for what a client sent in a wrong shape, by field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apiflask.exceptions import HTTPError as ApiError
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from pydantic import ValidationError

_MESSAGES = {
    "missing": _l("This is required."),
    "extra_forbidden": _l("There is no such field."),
    "string_type": _l("This must be text."),
    "int_type": _l("This must be a whole number."),
    "int_parsing": _l("This must be a whole number."),
    "int_from_float": _l("This must be a whole number."),
    "int_parsing_size": _l("This number is too large."),
    "float_type": _l("This must be a number."),
    "float_parsing": _l("This must be a number."),
    "finite_number": _l("This must be a number."),
    "bool_type": _l("This must be true or false."),
    "bool_parsing": _l("This must be true or false."),
    "list_type": _l("This must be a list."),
    "dict_type": _l("This must be an object."),
    "model_type": _l("This must be an object."),
    "model_attributes_type": _l("This must be an object."),
    "none_required": _l("This must be empty."),
    "json_invalid": _l("This holds characters that are no text."),
    "timezone_aware": _l("Give the time with its zone, such as 2026-03-12T09:30:00Z."),
    "datetime_type": _l("Give a date and time, such as 2026-03-12T09:30:00Z."),
    "datetime_parsing": _l("Give a date and time, such as 2026-03-12T09:30:00Z."),
    "datetime_from_date_parsing": _l("Give a date and time, such as 2026-03-12T09:30:00Z."),
    "date_parsing": _l("Give a date, such as 2026-03-12."),
    "date_from_datetime_parsing": _l("Give a date, such as 2026-03-12."),
}
# With the limit that was broken.
_BOUNDED: dict[str, Callable[[dict[str, Any]], str]] = {
    "string_too_short": lambda c: _too_short(c["min_length"]),
    "string_too_long": lambda c: _("At most %(count)s characters are possible.", count=c["max_length"]),
    "too_short": lambda c: ngettext(
        "At least %(num)s entry is needed.", "At least %(num)s entries are needed.", c["min_length"]
    ),
    "too_long": lambda c: _("At most %(count)s entries are possible.", count=c["max_length"]),
    "greater_than": lambda c: _("This must be more than %(limit)s.", limit=c["gt"]),
    "greater_than_equal": lambda c: _("This must be at least %(limit)s.", limit=c["ge"]),
    "less_than": lambda c: _("This must be less than %(limit)s.", limit=c["lt"]),
    "less_than_equal": lambda c: _("This must be at most %(limit)s.", limit=c["le"]),
    "enum": lambda c: _("Choose one of %(choices)s.", choices=c["expected"]),
    "literal_error": lambda c: _("Choose one of %(choices)s.", choices=c["expected"]),
    "value_error": lambda c: str(c["error"]),
}


def _too_short(least: int) -> str:
    if least == 1:
        return str(_("This is required."))
    return str(_("At least %(count)s characters are needed.", count=least))


def fields_of(error: ApiError) -> dict[str, list[str]]:
    """field → messages of a refused body or query, without the location in front ("json", "query").

    Parts of a field are joined by dots: `services.0.effect`. "" stands for the whole.
    """
    if isinstance(error.__cause__, ValidationError):
        return messages_of(error.__cause__)
    found: dict[str, list[str]] = {}
    for fields in (error.detail or {}).values() if isinstance(error.detail, dict) else ():
        if isinstance(fields, dict):
            found |= {name: [str(message) for message in messages] for name, messages in fields.items()}
    return found


def messages_of(error: ValidationError) -> dict[str, list[str]]:
    """field → translated messages of what pydantic refused."""
    found: dict[str, list[str]] = {}
    for item in error.errors(include_url=False, include_input=False):
        name = ".".join(str(part) for part in item["loc"])
        found.setdefault(name, []).append(_message(item["type"], item.get("ctx", {}), item["msg"]))
    return found


def _message(kind: str, context: dict[str, Any], fallback: str) -> str:
    if kind in _BOUNDED:
        return _BOUNDED[kind](context)
    return str(_MESSAGES.get(kind, fallback))
