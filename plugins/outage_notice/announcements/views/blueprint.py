"""The blueprint of the pages, and what all their templates may use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

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

RoomPart = Callable[[int, Viewer, datetime], str]

PLUGIN = Path(__file__).resolve().parents[2]

bp = Blueprint(
    "outage_notice_announcements",
    __name__,
    template_folder=str(PLUGIN / "templates"),
)


_room_parts: list[RoomPart] = []


def offer_room_part(draw: RoomPart) -> None:
    """Put a part of a room above onto the page of each announcement: escaped HTML, or "" where it has none."""
    if draw not in _room_parts:
        _room_parts.append(draw)


def room_parts(announcement_id: int) -> Markup:
    """What other rooms put onto this announcement's page."""
    parts = [draw(announcement_id, get_viewer(), now()) for draw in _room_parts]
    return Markup("").join(Markup(part) for part in parts)  # noqa: S704 - rendered by templates


def number(value: int) -> str:
    """A whole number in the reader's language, such as "1,284"."""
    return str(format_decimal(value))


@bp.context_processor
def words() -> dict[str, Any]:
    return {
        "effect_names": EFFECT_NAMES,
        "kind_names": KIND_NAMES,
        "language_names": LANGUAGE_NAMES,
        "level_effects": LEVEL_EFFECTS,
        "level_names": LEVEL_NAMES,
        "number": number,
        "room_parts": room_parts,
        "status_names": STATUS_NAMES,
    }
