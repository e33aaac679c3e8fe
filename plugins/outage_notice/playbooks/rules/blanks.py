"""Named blanks: `{service}`, `{whom}`. Letters and underscores, declared by the playbook, filled before publishing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from plugins.outage_notice.announcements.rules import wording

SERVICE_BLANK = "service"  # chosen from the catalogue, the same in every language
BLANKS_LIMIT = 10
VALUE_LIMIT = 120
_NAME = re.compile(r"[a-z][a-z_]{0,29}")
_BLANK = re.compile(r"\{([a-z][a-z_]{0,29})\}")

Values = Mapping[str, Mapping[str, str]]  # what was filled in, by locale and name


@dataclass(frozen=True, slots=True)
class Blank:
    """A declared blank. `defaults`: what stands in it until somebody writes something else, by locale."""

    name: str
    defaults: Mapping[str, str] = field(default_factory=dict)


def is_blank_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def blanks_in(text: str) -> list[str]:
    """The names of the blanks of a text, in order, without doubles."""
    return list(dict.fromkeys(_BLANK.findall(text)))


def bad_blanks(text: str, declared: Iterable[str], *, is_reply: bool = False) -> list[str]:
    """What looks like a blank and is none of the declared ones. A reply has also those that are filled in later."""
    known = {f"{{{name}}}" for name in declared} | {f"{{{name}}}" for name in wording.REPLY_BLANKS if is_reply}
    stray = [part for part in re.findall(r"[{}]", _BLANK.sub("", text)) if part]
    return [blank for blank in wording.blanks(text) if blank not in known] or stray


def free_blanks(texts: Iterable[str]) -> list[str]:
    """The blanks of some texts that a person writes: all but the service."""
    return [name for name in dict.fromkeys(n for text in texts for n in blanks_in(text)) if name != SERVICE_BLANK]


def is_sentence(default: str) -> bool:
    """Whether a blank stands for a whole sentence, which may stay out; told by what stands in it at first."""
    return default.rstrip().endswith((".", "!", "?"))


def leave_out(text: str, names: Iterable[str]) -> str:
    """The text without these blanks, where they are sentences of their own. Elsewhere they stay, and are asked for."""
    for name in names:
        text = re.sub(rf"[ \t]*\{{{name}\}}[ \t]*", _without_sentence, text).strip()
    return text


def _without_sentence(match: re.Match[str]) -> str:
    before, after = match.string[: match.start()], match.string[match.end() :]
    if before and before[-1] not in ".!?:\n":
        return match[0]
    return " " if before and before[-1] != "\n" and after and after[0] != "\n" else ""


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with what was filled in; what was not stays a blank, and the check before publishing names it.

    At the start of a text a value begins with a capital letter.
    """

    def one(match: re.Match[str]) -> str:
        value = values.get(match[1], "").strip()
        if not value:
            return match[0]
        return value[0].upper() + value[1:] if match.start() == 0 else value

    return _BLANK.sub(one, text)
