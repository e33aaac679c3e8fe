"""What stands between the program and Apprise, which is loaded when an address is checked or used, not before.

Addresses of channels hold secrets. No text that leaves this module, and no line of a log, has a part of one.
"""

from __future__ import annotations

import logging
import re
from functools import cache
from types import ModuleType
from urllib.parse import unquote

MOST_SECONDS = 40  # for one message: less than the lease of its effect
LEVELS = {1: "failure", 2: "warning"}  # Apprise's words, which services show as colours
_BETWEEN = re.compile(r"\s+|\s*,\s*(?=[A-Za-z][A-Za-z0-9+.-]*://)")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,39})://.+", re.DOTALL)
_SECRET_PARTS = re.compile(r"[/:@?&=,+;#\s]+")
SHORTEST_SECRET = 4


def split_addresses(text: str) -> tuple[str, ...]:
    """The addresses of a setting, separated by spaces or commas; each once, in order."""
    parts = (part.strip(",") for part in _BETWEEN.split(text.strip()) if part)
    return tuple(dict.fromkeys(part for part in parts if part))


def scheme_of(address: str) -> str:
    """What the address begins with, such as "slack": all of it that may be shown. "" for what is no address."""
    match = _SCHEME.fullmatch(address)
    return match[1].lower() if match else ""


def find_problem(address: str) -> str | None:
    """Why Apprise cannot use this address, None when it can."""
    scheme = scheme_of(address)
    if not scheme:
        return "is no address such as slack://…"
    apprise = _apprise()
    if scheme not in apprise.NotificationManager():
        return f"begins with {scheme}://, which Apprise does not know"
    if apprise.Apprise.instantiate(address, suppress_exceptions=True) is None:
        return f"lacks a part that {scheme}:// needs, or has a wrong one"
    return None


def send(address: str, title: str, text: str, level: int) -> str | None:
    """Send one message now. Why it was not taken, None when it was. `level` is that of an announcement, 1 to 4."""
    apprise = _apprise()
    service = apprise.Apprise.instantiate(address, suppress_exceptions=True)
    if service is None:
        return "the address is not usable any more"
    sender = apprise.Apprise(service)
    kind = apprise.NotifyType(LEVELS.get(level, "info"))
    result = sender.notify(
        body=text, title=title, notify_type=kind, body_format=apprise.NotifyFormat.TEXT, timeout=MOST_SECONDS
    )
    if result:
        return None
    said = [str(entry.message) for entry in result.logs()]
    return without_secrets(" ".join(said), address) or "it was not taken"


def without_secrets(text: str, address: str) -> str:
    """The text on one line without any part of the address but its scheme."""
    scheme = scheme_of(address)
    raw = address.partition("://")[2]
    parts = {part for form in (raw, unquote(raw)) for part in _SECRET_PARTS.split(form)}
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= SHORTEST_SECRET and part.lower() != scheme:
            text = text.replace(part, "…")
    return " ".join(text.split())[:500]


@cache
def _apprise() -> ModuleType:
    """Apprise without its logs, and urllib3 without those of each request: they hold whole addresses."""
    import apprise

    log = logging.getLogger("apprise")
    log.propagate = False
    log.addHandler(logging.NullHandler())
    logging.getLogger("urllib3").setLevel(logging.INFO)
    return apprise
