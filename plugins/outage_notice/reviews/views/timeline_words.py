"""How the entries that reviews write read in the timeline."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _

from plugins.outage_notice.announcements.views.blueprint import number
from plugins.outage_notice.announcements.views.room_facts import TimelineWords
from plugins.outage_notice.reviews.forms import READERS_NAMES
from plugins.outage_notice.reviews.rules import Readers
from plugins.outage_notice.reviews.views.words import moment_text, whole_day


def _published(data: dict[str, Any]) -> str:
    readers = data.get("readers")
    name = READERS_NAMES[Readers(readers)] if readers in tuple(Readers) else ""
    return str(_("Review published: %(readers)s", readers=name))


def _corrected(data: dict[str, Any]) -> str:
    at = moment_text(datetime.fromisoformat(data["of_at"]))
    return str(_("Correction of the entry of %(time)s", time=at))


def _due(data: dict[str, Any]) -> str:
    return whole_day(date.fromisoformat(data["due_on"]))


def _ticket(data: dict[str, Any]) -> str:
    ticket = data.get("number")
    return str(_("Action is worked on in ticket #%(number)s", number=ticket) if ticket else _("Action without ticket"))


def _reach(data: dict[str, Any]) -> str:
    seen, people = number(data.get("seen_in_time") or 0), number(data.get("people") or 0)
    return str(_("Reach at the end: seen by %(seen)s of %(people)s", seen=seen, people=people))


WORDS: dict[str, TimelineWords] = {
    "reach_kept": ("eye", "", _reach),
    "corrected": ("edit", "note", _corrected),
    "review_saved": ("file", "", lambda _data: str(_("Review written"))),
    "review_published": ("file", "pub", _published),
    "review_taken_back": ("file", "", lambda _data: str(_("Review is a draft again"))),
    "review_action_added": ("flag", "", lambda data: str(_("Action added, due %(day)s", day=_due(data)))),
    "review_action_changed": ("flag", "", lambda data: str(_("Action changed, due %(day)s", day=_due(data)))),
    "review_action_done": ("check", "ok", lambda _data: str(_("Action done"))),
    "review_action_opened": ("flag", "", lambda _data: str(_("Action is open again"))),
    "review_action_ticket": ("ticket", "", _ticket),
}
