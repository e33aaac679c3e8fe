"""Readable messages for what a client sent in a wrong shape, by field."""

from __future__ import annotations

import re
from collections import Counter
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
    "string_pattern_mismatch": _l("This does not have the right form."),
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
    "enum": lambda c: _("Choose one of %(choices)s.", choices=_choices(c["expected"])),
    "literal_error": lambda c: _("Choose one of %(choices)s.", choices=_choices(c["expected"])),
    "value_error": lambda c: str(c["error"]),
}


# What pydantic adds to a name: which kind of several it tried, and that the key of an entry is meant.
_TRIED = re.compile(r"(constrained-)?(str|int|float|bool)|(list|dict|function-\w+|lax-or-strict|nullable)\[.*\]")
_KEY = "[key]"


def _choices(expected: str) -> str:
    """Pydantic says them in English: 'a', 'b' or 'c'."""
    return ", ".join(choice for choice in re.findall(r"'([^']*)'", expected) if choice) or expected


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
    items = error.errors(include_url=False, include_input=False)
    tried = Counter(item["loc"][:-1] for item in items if len(item["loc"]) > 1 and _is_tried(item["loc"][-1]))
    found: dict[str, dict[str, list[str]]] = {}
    for item in items:
        place = item["loc"]
        if place and (place[-1] == _KEY or (tried[place[:-1]] > 1 and _is_tried(place[-1]))):
            place = place[:-1]
        message = _message(item["type"], item.get("ctx", {}), item["msg"])
        found.setdefault(".".join(str(part) for part in place), {}).setdefault(item["type"], []).append(message)
    return {name: _worth_saying(messages) for name, messages in found.items()}


def _is_tried(part: str | int) -> bool:
    return isinstance(part, str) and _TRIED.fullmatch(part) is not None


def _worth_saying(messages: dict[str, list[str]]) -> list[str]:
    """Each once. Of a value that may be of several kinds, what is wrong within its kind says more than the others."""
    within = [message for kind, texts in messages.items() if not kind.endswith("_type") for message in texts]
    return list(dict.fromkeys(within or [message for texts in messages.values() for message in texts]))


def _message(kind: str, context: dict[str, Any], fallback: str) -> str:
    if kind in _BOUNDED:
        return _BOUNDED[kind](context)
    return str(_MESSAGES.get(kind, fallback))
