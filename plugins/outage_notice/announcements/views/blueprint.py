"""The blueprint of the pages, and what all their templates may use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from flask import Blueprint
from flask_babel import format_decimal
from markupsafe import Markup

from helpdesk.plugin_api import Viewer, get_viewer, now
from plugins.outage_notice.announcements.forms.words import (
    EFFECT_NAMES,
    KIND_NAMES,
    LANGUAGE_NAMES,
    LEVEL_EFFECTS,
    LEVEL_NAMES,
    STATUS_NAMES,
)
from plugins.outage_notice.announcements.rules.notice_plan import SAYS_NAMES, in_units

RoomPart = Callable[[int, Viewer, datetime], str]
EndingFacts = Callable[[int], Mapping[str, int]]

PLUGIN = Path(__file__).resolve().parents[2]

bp = Blueprint(
    "outage_notice_announcements",
    __name__,
    template_folder=str(PLUGIN / "templates"),
)


Place = Literal["top", "main", "aside", "draft"]

_room_parts: dict[Place, list[RoomPart]] = {"top": [], "main": [], "aside": [], "draft": []}


def offer_room_part(draw: RoomPart, place: Place = "main") -> None:
    """Put a part of a room above onto the page of each announcement: escaped HTML, or "" where it has none.

    `top` is under the title, `main` after the update box, `aside` first in the side column. They are for what is
    published; `draft` is beside a draft, on its page and in the composer.
    """
    if draw not in _room_parts[place]:
        _room_parts[place].append(draw)


def room_parts(announcement_id: int, place: Place = "main") -> Markup:
    """What other rooms put onto this place of this announcement's page."""
    parts = [draw(announcement_id, get_viewer(), now()) for draw in _room_parts[place]]
    return Markup("").join(Markup(part) for part in parts)  # noqa: S704 - rendered by templates


KeepChoice = Callable[[Viewer, int], None]
_draft_choices: list[KeepChoice] = []


def offer_draft_choice(keep: KeepChoice) -> None:
    """Keep what a room above asks beside a draft, in fields that belong to the composer's form, when that is sent."""
    if keep not in _draft_choices:
        _draft_choices.append(keep)


def keep_draft_choices(viewer: Viewer, announcement_id: int) -> None:
    """Let the rooms above keep what was chosen beside this draft."""
    for keep in _draft_choices:
        keep(viewer, announcement_id)


FACTS = (
    "seen", "solved", "left", "needing", "done", "followers", "waiting", "told", "heard", "mailed", "mailed_end",
    "mailed_over",
)  # fmt: skip
_ending_facts: list[EndingFacts] = []


def offer_ending_facts(find: EndingFacts) -> None:
    """Say in numbers what the end of an announcement does to the records of a room above.

    Known are `seen` (people who had it on screen), `solved`, `left`, `needing` and `done` (tickets that would be
    solved, stay open because their requester wrote, need a person anyway, are done already), `followers`, `waiting`
    (tickets that an update can answer), `told` (people who were told an estimate in a reply), `heard` (people who were
    told that it is over), `mailed` (people who got a mail of the notice plan and not yet its end), `mailed_end` (those
    of them who are mailed when it is over), and `mailed_over` (people who were mailed that it is over).
    """
    if find not in _ending_facts:
        _ending_facts.append(find)


def ending_facts(announcement_id: int) -> dict[str, int]:
    """What the end of this announcement would do, in numbers; what nobody knows is 0."""
    found = dict.fromkeys(FACTS, 0)
    for find in _ending_facts:
        found |= find(announcement_id)
    return found


_notice_parts: list[RoomPart] = []


def offer_notice_part(draw: RoomPart) -> None:
    """Put a part of a room above under each notice, as the people it is for see it: escaped HTML, or ""."""
    if draw not in _notice_parts:
        _notice_parts.append(draw)


def notice_parts(announcement_id: int) -> Markup:
    """What other rooms put under this notice."""
    parts = [draw(announcement_id, get_viewer(), now()) for draw in _notice_parts]
    return Markup("").join(Markup(part) for part in parts)  # noqa: S704 - rendered by templates


def number(value: int) -> str:
    """A whole number in the reader's language, such as "1,284"."""
    return str(format_decimal(value))


WORDS = {
    "effect_names": EFFECT_NAMES,
    "kind_names": KIND_NAMES,
    "language_names": LANGUAGE_NAMES,
    "in_units": in_units,
    "level_effects": LEVEL_EFFECTS,
    "level_names": LEVEL_NAMES,
    "number": number,
    "says_names": SAYS_NAMES,
    "status_names": STATUS_NAMES,
}  # what templates of every room may call things


@bp.context_processor
def words() -> dict[str, Any]:
    return WORDS | {"room_parts": room_parts}
