"""The blueprint of the pages, and what all their templates may use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint
from flask_babel import format_decimal

from plugins.outage_notice.announcements.forms.words import (
    EFFECT_NAMES,
    KIND_NAMES,
    LANGUAGE_NAMES,
    LEVEL_EFFECTS,
    LEVEL_NAMES,
    STATUS_NAMES,
)

PLUGIN = Path(__file__).resolve().parents[2]

bp = Blueprint(
    "outage_notice_announcements",
    __name__,
    template_folder=str(PLUGIN / "templates"),
)


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
        "status_names": STATUS_NAMES,
    }
