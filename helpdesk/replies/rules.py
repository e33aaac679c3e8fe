"""Blanks of the automated replies: a fixed list of names, filled by plain replacement, never by a template engine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

SUBJECT_LIMIT = 200
BODY_LIMIT = 5000
CANNED_TITLE_LIMIT = 120
# A machine that answers our answer stops here.
REPLY_RECEIVED_PAUSE = timedelta(minutes=10)

_COMMON = ("requester_name", "ticket_number", "ticket_subject", "ticket_url", "service_name", "desk_name")
BLANKS: Mapping[str, tuple[str, ...]] = {
    "received": _COMMON,
    "reply_received": (*_COMMON, "status"),
    "solved": (*_COMMON, "status"),
    "closed": (*_COMMON, "status"),
}
_BLANK = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Text:
    """Subject and body of a reply, with blanks or already filled."""

    subject: str
    body: str


def unknown_blanks(text: str, event: str) -> list[str]:
    """What stands in braces and is not a blank of this event, in the order of the text."""
    return list(dict.fromkeys(f"{{{name}}}" for name in _BLANK.findall(text) if name not in BLANKS[event]))


def fill(text: Text, values: Mapping[str, str]) -> Text:
    """The text with every known blank replaced. Values are not looked at again: braces in them stay."""

    def replace(part: str) -> str:
        return _BLANK.sub(lambda match: values.get(match[1], match[0]), part)

    return Text(" ".join(replace(text.subject).split()), replace(text.body))


def may_answer_again(last_at: datetime | None, now: datetime) -> bool:
    """Whether a requester's message is answered, when the last such answer in the ticket was at `last_at`."""
    return last_at is None or now - last_at >= REPLY_RECEIVED_PAUSE
