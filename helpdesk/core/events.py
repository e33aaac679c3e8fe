"""Events: frozen facts about what happened, in the past tense, that travel through the outbox as JSON.

A room declares its events as subclasses of `Event` in its `rules.py`, made of ids, strings, numbers, booleans, lists
and aware datetimes, never of rows.
"""

from __future__ import annotations

import dataclasses
import typing
from datetime import datetime
from typing import Any, ClassVar


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """Base of all events. The class name is the name on the wire: renaming a class orphans queued rows."""

    registry: ClassVar[dict[str, type[Event]]] = {}

    def __init_subclass__(cls) -> None:
        super(Event, cls).__init_subclass__()
        Event.registry[cls.__name__] = cls  # dataclass(slots=True) makes the class twice: the last one counts

    def to_payload(self) -> dict[str, Any]:
        return {
            f.name: value.isoformat() if isinstance(value := getattr(self, f.name), datetime) else value
            for f in dataclasses.fields(self)
        }


def from_payload(name: str, payload: dict[str, Any]) -> Event:
    """The event called `name`. Raises KeyError if no such event exists (a plugin that wrote it was removed)."""
    cls = Event.registry[name]
    hints = typing.get_type_hints(cls)
    values = {}
    for field in dataclasses.fields(cls):
        value = payload.get(field.name)
        if isinstance(value, str) and datetime in (hints[field.name], *typing.get_args(hints[field.name])):
            value = datetime.fromisoformat(value)
        values[field.name] = tuple(value) if isinstance(value, list) else value
    return cls(**values)
