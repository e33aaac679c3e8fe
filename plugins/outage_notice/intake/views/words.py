"""How the timeline of an announcement says what alerts did."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext

from plugins.outage_notice.announcements.views.room_facts import TimelineWords


def _fired(data: dict[str, Any]) -> str:
    return str(gettext("Alert of %(source)s: %(about)s", source=data.get("source"), about=data.get("about")))


def _resolved(data: dict[str, Any]) -> str:
    return str(gettext("Alert is over: %(about)s", about=data.get("about")))


def _flapping(data: dict[str, Any]) -> str:
    return str(gettext("Alert changes too often and is not noted any more: %(about)s", about=data.get("about")))


def _unpublished(_data: dict[str, Any]) -> str:
    return str(gettext("Not published by itself"))


TIMELINE_WORDS: dict[str, TimelineWords] = {
    "alert_fired": ("pulse", "note", _fired),
    "alert_resolved": ("pulse", "note", _resolved),
    "alert_flapping": ("pulse", "note", _flapping),
    "alert_unpublished": ("lock", "note", _unpublished),
}
