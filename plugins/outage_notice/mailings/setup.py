"""What mailings offer to the plugin: handlers, jobs, a part of the announcement's page, words of the timeline."""

from __future__ import annotations

from plugins.outage_notice.announcements.views.blueprint import offer_ending_facts, offer_room_part
from plugins.outage_notice.announcements.views.room_facts import offer_timeline_words
from plugins.outage_notice.mailings.handlers import HANDLERS
from plugins.outage_notice.mailings.jobs import JOBS
from plugins.outage_notice.mailings.queries import ending_facts
from plugins.outage_notice.mailings.views import TIMELINE_WORDS, room_part

__all__ = ["HANDLERS", "JOBS", "wire"]


def wire() -> None:
    """Put the notice plan onto the page of an announcement, and say whom its end mails."""
    offer_room_part(room_part, "aside")
    offer_ending_facts(ending_facts)
    offer_timeline_words(TIMELINE_WORDS)
