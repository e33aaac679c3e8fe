"""The blueprint that the routes are added to."""

from __future__ import annotations

from collections.abc import Callable

from apiflask import APIBlueprint

from helpdesk.plugin_api import Viewer

api = APIBlueprint("outage_notice_announcements_api", __name__, url_prefix="/api/v1/announcements", tag="Announcements")
READ = "announcements:read"
WRITE = "announcements:write"

KeepAnswer = Callable[[Viewer, int, bool], None]
_answer_choices: list[KeepAnswer] = []


def offer_answer_choice(keep: KeepAnswer) -> None:
    """Keep with a draft whether publishing it answers tickets that a room above knows."""
    if keep not in _answer_choices:
        _answer_choices.append(keep)


def keep_answer_choice(viewer: Viewer, announcement_id: int, wants: bool) -> None:
    """Let the rooms above keep whether this draft, once published, answers their tickets."""
    for keep in _answer_choices:
        keep(viewer, announcement_id, wants)
