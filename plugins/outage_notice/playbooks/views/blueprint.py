"""The blueprint of the pages, and what their templates may use."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask_babel import format_date

from plugins.outage_notice.announcements.views.blueprint import WORDS
from plugins.outage_notice.playbooks.forms import blank_label
from plugins.outage_notice.playbooks.queries import shown_name
from plugins.outage_notice.response.wording import ROLE_NAMES

bp = Blueprint("outage_notice_playbooks", __name__)


@bp.context_processor
def words() -> dict[str, Any]:
    return WORDS | {
        "blank_label": blank_label,
        "day": format_date,
        "role_names": ROLE_NAMES,
        "shown_name": shown_name,
    }
