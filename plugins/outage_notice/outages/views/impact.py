"""Impact on the page of an announcement: the level that was suggested, and the one that somebody decided."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import render_template

from helpdesk.plugin_api import Viewer
from plugins.outage_notice.announcements.forms.words import EFFECT_NAMES, LEVEL_NAMES
from plugins.outage_notice.announcements.queries import get_announcement, timeline
from plugins.outage_notice.announcements.rules import Effect
from plugins.outage_notice.announcements.views.blueprint import number


def impact_part(announcement_id: int, viewer: Viewer, now: datetime) -> str:  # noqa: ARG001  (shape of room parts)
    """People and effects, and what followed from them; "" before publication."""
    record = get_announcement(viewer, announcement_id)
    decided = next((e for e in timeline(record.id, public_only=True) if e.kind == "published"), None)
    if decided is None or record.suggested_severity is None:
        return ""
    return render_template(
        "outage_notice/impact.html",
        people=number(int(decided.data.get("people") or 0)),
        effects=_effects(decided.data),
        suggested=LEVEL_NAMES[record.suggested_severity],
        decided=LEVEL_NAMES[int(decided.data.get("severity") or record.severity)],
        is_same=record.suggested_severity == decided.data.get("severity"),
        entry=decided,
    )


def _effects(data: dict[str, Any]) -> list[str]:
    return [str(EFFECT_NAMES[Effect(e)]) for e in data.get("effects") or () if e in tuple(Effect)]
