"""What good texts avoid: blanks, clock words, guesses, names of machines and people. In the languages we ship."""

from __future__ import annotations

import re
from collections.abc import Sequence

WORDS_LIMIT = 60
_BLANK = re.compile(r"\{[^{}\n]{1,60}\}|\[(?:\.\.\.|…|_{2,}|[A-Z][A-Z _]{2,40})\](?!\()|_{3,}")
_CLOCK = re.compile(
    r"\b(?:soon|shortly|today|tonight|tomorrow|yesterday|this (?:morning|afternoon|evening)|right now|in a few minutes"
    r"|in \d+ (?:minutes?|hours?|days?)|pronto|en breve|hoy|mañana|ayer|esta (?:tarde|noche|mañana)"
    r"|en \d+ (?:minutos?|horas?)"
    r"|em breve|logo|hoje|amanhã|ontem|em \d+ (?:minutos?|horas?))\b",
    re.IGNORECASE,
)
_GUESS = re.compile(
    r"\b(?:probably|possibly|perhaps|maybe|seems?|appears? to|apparently|due to|likely|we think|we believe"
    r"|probablemente|posiblemente|quizás?|tal vez|parece|debido a|creemos"
    r"|provavelmente|possivelmente|talvez|devido a|acreditamos)\b",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b|\b(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{0,4}\b", re.IGNORECASE)
_HOST = re.compile(
    r"(?<![\w-])[a-z][a-z0-9]*(?:-[a-z0-9]+)*-?\d{1,4}(?:\.[a-z0-9-]+)+\b|\b(?:srv|node|db|web|app|host|vm)-?\d{1,4}\b",
    re.IGNORECASE,
)
_PERSON = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Sr|Sra|Dra)\.? [A-ZÁÉÍÓÚÂÊÔÃÕÇ]\w+")
_LINK = re.compile(r"https?://([^\s/:)\]>\"']+)[^\s)\]>\"']*", re.IGNORECASE)


def count_words(text: str) -> int:
    return len(text.split())


# What a technician's own text in the automated reply may leave to be filled in for each requester.
REPLY_BLANKS = frozenset(
    ["requester_name", "ticket_number", "title", "since", "eta", "next_update", "promise", "workaround", "url"]
)


def unknown_reply_blanks(text: str) -> list[str]:
    """Blanks of an automated-reply text that nothing fills."""
    return [blank for blank in blanks(text) if blank.strip("{}") not in REPLY_BLANKS]


def blanks(text: str) -> list[str]:
    """Parts of a template that nobody filled in: "{Service}", "[…]", "____"."""
    return _BLANK.findall(text)


def clock_words(text: str) -> list[str]:
    return _CLOCK.findall(text)


def guess_words(text: str) -> list[str]:
    return _GUESS.findall(text)


def host_names(text: str) -> list[str]:
    """Network addresses and names of machines, outside of links."""
    plain = _LINK.sub(" ", text)
    return _ADDRESS.findall(plain) + _HOST.findall(plain)


def people_names(text: str) -> list[str]:
    """Names with a form of address; other names cannot be told from places and products."""
    return _PERSON.findall(text)


def link_into(text: str, service_names: Sequence[str]) -> str | None:
    """A link in the text whose host carries the name of one of these services ("vpn.example.org" for VPN)."""
    slugs = {re.sub(r"[^a-z0-9]", "", name.lower()) for name in service_names} - {""}
    for match in _LINK.finditer(text):
        labels = {re.sub(r"[^a-z0-9]", "", label) for label in match.group(1).lower().split(".")}
        if labels & slugs:
            return match.group(0)
    return None
