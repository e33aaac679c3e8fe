"""When automated replies speak of an outage, and how their blanks are filled."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

RECEIVED = "received"
ANSWERED_EVENTS = frozenset({RECEIVED, "reply_received"})


def fill(template: str, values: Mapping[str, str]) -> str:
    """Put the values in their {blanks}. Plain replacement, once: a value that looks like a blank stays text."""
    return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], found[0]), template)


def paragraphs(parts: Sequence[str]) -> str:
    """The parts that say something, a blank line between them."""
    return "\n\n".join(part.strip() for part in parts if part and part.strip())
