"""What can go wrong, in the words of the product. The web room turns each into a page or a problem document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class HelpdeskError(Exception):
    """Base of every expected failure. `message` is translated text for the person, and says what to do next."""

    status = 400
    code = "error"

    def __init__(self, message: Any = "") -> None:
        super().__init__(message)
        self.message = message


class Invalid(HelpdeskError):
    """The input breaks a rule. `fields` maps the name of a field to its messages; "" holds those of the whole."""

    status = 422
    code = "invalid"

    def __init__(self, fields: Mapping[str, Any] | Any) -> None:
        mapping = dict(fields) if isinstance(fields, Mapping) else {"": fields}
        self.fields: dict[str, list[Any]] = {k: v if isinstance(v, list) else [v] for k, v in mapping.items()}
        super().__init__(next(iter(self.fields.values()))[0])


class NotFound(HelpdeskError):
    """There is none, or this person may not know that there is one: both look the same."""

    status = 404
    code = "not_found"


class Forbidden(HelpdeskError):
    status = 403
    code = "forbidden"


class Stale(HelpdeskError):
    """Somebody saved in between. `current` holds the present revision and values, so that nothing is lost."""

    status = 412
    code = "stale"

    def __init__(self, message: Any = "", current: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.current: dict[str, Any] = dict(current or {})


class Conflict(HelpdeskError):
    """The state does not allow it (any more), such as publishing what is published."""

    status = 409
    code = "conflict"


class TooMany(HelpdeskError):
    status = 429
    code = "too_many"

    def __init__(self, message: Any = "", retry_after_seconds: int = 60) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class TooSlow(HelpdeskError):
    """A search was stopped because it took longer than `seconds`. Asking for less may help, repeating it will not."""

    status = 503
    code = "too_slow"

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


class Busy(HelpdeskError):
    """The database did not answer in time: nothing was written, trying again is safe."""

    status = 503
    code = "busy"
    retry_after_seconds = 2
