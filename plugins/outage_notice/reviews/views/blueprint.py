"""The blueprint of the pages, and what all their templates may use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint

from plugins.outage_notice.announcements.views.blueprint import WORDS as NAMES
from plugins.outage_notice.reviews.forms import ANSWER_NAMES, CAUSE_NAMES, PHASE_MEANINGS, PHASE_NAMES, READERS_NAMES
from plugins.outage_notice.reviews.views.words import WORDS

PLUGIN = Path(__file__).resolve().parents[2]

bp = Blueprint("outage_notice_reviews", __name__, template_folder=str(PLUGIN / "templates"))


@bp.context_processor
def words() -> dict[str, Any]:
    return (
        NAMES
        | WORDS
        | {
            "answer_names": ANSWER_NAMES,
            "cause_names": CAUSE_NAMES,
            "phase_meanings": PHASE_MEANINGS,
            "phase_names": PHASE_NAMES,
            "readers_names": READERS_NAMES,
        }
    )
