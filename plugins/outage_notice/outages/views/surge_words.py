"""How the timeline of an announcement says what surges and returns meant for tickets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import format_time, gettext, ngettext

from plugins.outage_notice.announcements.views.blueprint import number
from plugins.outage_notice.announcements.views.room_facts import TimelineWords


def _noticed(data: dict[str, Any]) -> str:
    tickets, about = int(data.get("tickets") or 0), str(data.get("about") or "")
    words = ngettext(
        "Surge: %(num)s ticket about %(about)s in %(minutes)s minutes, normal are %(normal)s",
        "Surge: %(num)s tickets about %(about)s in %(minutes)s minutes, normal are %(normal)s",
        tickets,
        about=about,
        minutes=data.get("minutes"),
        normal=data.get("normal"),
    )
    seen = str(data.get("detected_at") or "")
    if not seen:
        return str(words)
    time = format_time(datetime.fromisoformat(seen), "short")
    return str(gettext("%(words)s. First seen at %(time)s", words=words, time=time))


def _called(data: dict[str, Any]) -> str:
    by, names = str(data.get("by") or "–"), str(data.get("names") or "")
    words = gettext("%(by)s called technicians about the surge: %(names)s", by=by, names=names)
    answered = str(data.get("answered_at") or "")
    if not answered:
        return str(words)
    time = format_time(datetime.fromisoformat(answered), "short")
    return str(gettext("%(words)s. %(name)s had it at %(time)s", words=words, name=data.get("has_it"), time=time))


def _answered(data: dict[str, Any]) -> str:
    count = number(int(data.get("tickets") or 0))
    return str(gettext("Automated reply sent to the tickets of the surge: %(count)s", count=count))


def _told_back(data: dict[str, Any]) -> str:
    count = number(int(data.get("told") or 0))
    return str(gettext("Told those who had heard that it is over that it is not: %(count)s", count=count))


TIMELINE_WORDS: dict[str, TimelineWords] = {
    "surge_noticed": ("trend", "note", _noticed),
    "surge_called": ("phone", "note", _called),
    "surge_answered": ("reply-all", "pub", _answered),
    "return_told": ("octagon", "pub", _told_back),
}
