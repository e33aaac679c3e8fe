"""The blueprint of the pages, and the words that their templates may use."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask_babel import lazy_gettext as _l

from plugins.outage_notice.announcements.forms.words import EFFECT_NAMES, LEVEL_NAMES
from plugins.outage_notice.intake.forms import AUDIENCE_NAMES
from plugins.outage_notice.intake.rules import AlertStatus, Outcome

bp = Blueprint("outage_notice_intake", __name__)

STATUS_WORDS = {AlertStatus.firing: _l("Firing"), AlertStatus.resolved: _l("Over")}
OUTCOME_WORDS = {
    Outcome.opened_draft: _l("Draft opened"),
    Outcome.updated: _l("Noted on the outage"),
    Outcome.proposed: _l("Resolution proposed"),
    Outcome.recovered: _l("Over"),
    Outcome.damped: _l("Changes too often, not noted"),
    Outcome.late: _l("Older than what was known"),
    Outcome.no_rule: _l("No rule says which service"),
}


@bp.context_processor
def words() -> dict[str, Any]:
    return {
        "alert_status_words": STATUS_WORDS,
        "audience_words": AUDIENCE_NAMES,
        "effect_names": EFFECT_NAMES,
        "level_names": LEVEL_NAMES,
        "outcome_words": OUTCOME_WORDS,
    }
