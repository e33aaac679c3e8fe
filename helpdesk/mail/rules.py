"""Which addresses and headers may be used, how a mail server is named, and what its answers mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

LONGEST_ADDRESS = 254
LONGEST_LOCAL_PART = 64
LONGEST_SUBJECT = 500
# Only these may be set from outside of the mail room; all others are ours.
ALLOWED_HEADERS = frozenset(
    {"In-Reply-To", "References", "Reply-To", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post"}
)

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


def is_address(text: str) -> bool:
    """Whether the whole text is one plain mailbox such as ana@example.org: no names, quotes, comments or lists."""
    return (
        len(text) <= LONGEST_ADDRESS
        and _ADDRESS.fullmatch(text) is not None
        and len(text.rpartition("@")[0]) <= LONGEST_LOCAL_PART
    )


def is_one_line(text: str) -> bool:
    """Whether the text can stand in a header: nothing that ends a line, no control characters."""
    return _BREAKS.search(text) is None


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server as the settings name it."""

    host: str
    port: int
    user: str | None
    password: str | None
    is_tls: bool  # from the first byte (smtps)
    starts_tls: bool


def parse_server(url: str) -> Server:
    """smtp://user:password@host:587?starttls=1 or smtps://…; user and password may be percent-encoded."""
    parts = urlsplit(url)
    is_tls = parts.scheme == "smtps"
    wants = parse_qs(parts.query).get("starttls", ["0"])[0]
    return Server(
        host=parts.hostname or "",
        port=parts.port or (465 if is_tls else 25),
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        is_tls=is_tls,
        starts_tls=not is_tls and wants not in ("0", "", "false", "no"),
    )


def is_final(code: int) -> bool:
    """Whether a server's answer about one mail will be the same the next time.

    530, 535 and 538 speak about our own login: they change when somebody repairs the settings.
    """
    return 500 <= code < 600 and code not in (530, 535, 538)


@dataclass(slots=True)
class Breaker:
    """Leaves a server alone for a while after several failures in a row, so that a dead one costs nothing.

    After the pause one mail tries again: failing it begins the next pause.
    """

    most_failures: int = 5
    pause: timedelta = timedelta(seconds=60)
    failures: int = 0
    open_until: datetime | None = None

    def seconds_closed(self, now: datetime) -> float:
        """How many seconds nothing should be tried; 0 when it may be."""
        if self.open_until is None or now >= self.open_until:
            return 0.0
        self.open_until = min(self.open_until, now + self.pause)  # the clock may have been set back
        return (self.open_until - now).total_seconds()

    def note_failure(self, now: datetime) -> None:
        self.failures += 1
        if self.failures >= self.most_failures:
            self.open_until = now + self.pause

    def note_success(self) -> None:
        self.failures, self.open_until = 0, None
