"""The blueprint of the pages, and where they lead back to."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from flask_babel import ngettext

from helpdesk.plugin_api import safe_next
from plugins.outage_notice.announcements.forms.words import EFFECT_NAMES, STATUS_NAMES
from plugins.outage_notice.announcements.views.blueprint import number
from plugins.outage_notice.announcements.views.rows import style_of
from plugins.outage_notice.outages.rules import LinkResult
from plugins.outage_notice.outages.views.words import KIND_WORDS, RESULT_WORDS, reason_words

bp = Blueprint("outage_notice_outages", __name__)
ERRORS_SHOWN = 5


@bp.context_processor
def words() -> dict[str, Any]:
    return {
        "effect_names": EFFECT_NAMES,
        "kind_words": KIND_WORDS,
        "number": number,
        "reason_words": reason_words,
        "result_words": RESULT_WORDS,
        "status_names": STATUS_NAMES,
        "style_of": style_of,
    }


def back_to(default: str) -> str:
    """Where the button was pressed, if the form says so."""
    wanted = request.form.get("back", "")
    return safe_next(wanted) if wanted else default


def numbers_of_form() -> list[int]:
    """Ticket numbers: ticked boxes, and those written as "1042, #1043". What is no number is left out."""
    written = request.form.get("numbers", "")[:2000].replace("#", " ").replace(",", " ").replace(";", " ").split()
    texts = [*request.form.getlist("number")[:500], *written]
    return [int(t) for t in texts if t.isascii() and t.isdecimal() and len(t) < 10]


def say_results(results: list[LinkResult], done: str) -> None:
    """Flash how many were changed, and why the others were not."""
    count = sum(r.error is None for r in results)
    if count:
        sentences = {
            "linked": ngettext("%(num)s ticket linked.", "%(num)s tickets linked.", count),
            "unlinked": ngettext("%(num)s ticket unlinked.", "%(num)s tickets unlinked.", count),
        }
        flash(sentences[done], "ok")
    refused = [r for r in results if r.error is not None]
    for result in refused[:ERRORS_SHOWN]:
        flash(f"#{result.number}: {result.error}", "error")
    if len(refused) > ERRORS_SHOWN:
        flash(_("%(count)s more could not be changed.", count=len(refused) - ERRORS_SHOWN), "error")
