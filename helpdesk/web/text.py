"""What text people may send: no control characters, whatever the way in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# C0 and C1 controls, lone surrogates and non-characters: they break databases, logs, mails and XML feeds. The two
# overrides of direction let text read as what it is not; languages from right to left do without them.
_NEVER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202d\u202e\ud800-\udfff\ufffe\uffff]")
_LINE_BREAK = re.compile("[\t\n\r\u2028\u2029]")


def has_control_characters(text: str, *, one_line: bool = False) -> bool:
    """Whether the text holds what nobody types. Line breaks and tabs count when it must be one line."""
    return bool(_NEVER.search(text) or (one_line and _LINE_BREAK.search(text)))


def holds_control_characters(value: Any) -> bool:
    """The same question for every text inside lists and mappings."""
    if isinstance(value, str):
        return has_control_characters(value)
    if isinstance(value, Mapping):
        return any(holds_control_characters(part) for pair in value.items() for part in pair)
    if isinstance(value, list | tuple | set | frozenset):
        return any(holds_control_characters(part) for part in value)
    return False


def unix_lines(text: str) -> str:
    """Browsers send CR LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
