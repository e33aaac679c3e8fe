"""The blueprint of the pages, and the words that its templates use."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from plugins.outage_notice.announcements.forms.words import LEVEL_NAMES
from plugins.outage_notice.response.wording import DUTY_NAMES, PROMISE_NAMES, ROLE_NAMES, STEP_NAMES, first_task

bp = Blueprint("outage_notice_response", __name__)


# Its parts are drawn on pages of other rooms too, where a context processor of this blueprint is not asked.
WORDS: dict[str, Any] = {
    "duty_names": DUTY_NAMES,
    "first_task": first_task,
    "level_names": LEVEL_NAMES,
    "promise_names": PROMISE_NAMES,
    "role_names": ROLE_NAMES,
    "step_names": STEP_NAMES,
}
