"""What outages offer to the plugin: pages of tickets, jobs, handlers, what stands in the slots of ticket pages."""

from __future__ import annotations

from helpdesk.plugin_api import Job
from plugins.outage_notice.announcements.api.blueprint import offer_answer_choice
from plugins.outage_notice.announcements.queries.figures import offer_tickets, offer_told
from plugins.outage_notice.announcements.queries.hearers import offer_hearers
from plugins.outage_notice.announcements.queries.replies import offer_refused
from plugins.outage_notice.announcements.views.blueprint import (
    offer_draft_choice,
    offer_ending_facts,
    offer_room_part,
)
from plugins.outage_notice.announcements.views.room_facts import offer_timeline_words
from plugins.outage_notice.announcements.views.rows import offer_row_notes
from plugins.outage_notice.outages import jobs
from plugins.outage_notice.outages.actions.surges import fade_and_forget
from plugins.outage_notice.outages.api import api
from plugins.outage_notice.outages.demo import load as load_demo
from plugins.outage_notice.outages.demo import load_past as load_demo_past
from plugins.outage_notice.outages.handlers import HANDLERS
from plugins.outage_notice.outages.queries.broadcasts import was_told_of
from plugins.outage_notice.outages.queries.concern import hear_of_end, hear_of_times
from plugins.outage_notice.outages.queries.figures import ticket_figures
from plugins.outage_notice.outages.queries.links import refused_outages
from plugins.outage_notice.outages.queries.tally import ending_facts
from plugins.outage_notice.outages.views import bp, page_slot, room_part
from plugins.outage_notice.outages.views.impact import impact_part
from plugins.outage_notice.outages.views.row_notes import ticket_notes
from plugins.outage_notice.outages.views.surge_draft import draft_part, keep_answer, keep_choice
from plugins.outage_notice.outages.views.surge_words import TIMELINE_WORDS
from plugins.outage_notice.outages.views.surges import draw_call_bars
from plugins.outage_notice.response.views.slots import offer_bars

__all__ = ["BLUEPRINTS", "HANDLERS", "JOBS", "load_demo", "load_demo_past", "page_slot", "wire"]

BLUEPRINTS = (bp, api)
JOBS = (*jobs.JOBS, Job("outage_notice.surges", fade_and_forget, every_seconds=60))


def wire() -> None:
    """Put the tickets onto the page of an announcement, and say what its end does to them."""
    offer_room_part(room_part, "aside")
    offer_room_part(impact_part, "aside")
    offer_room_part(draft_part, "draft")
    offer_draft_choice(keep_choice)
    offer_answer_choice(keep_answer)
    offer_timeline_words(TIMELINE_WORDS)
    offer_tickets(ticket_figures)
    offer_told(was_told_of)
    offer_refused(refused_outages)
    offer_ending_facts(ending_facts)
    offer_hearers(hear_of_end, hear_of_times)
    offer_bars(draw_call_bars)
    offer_row_notes(ticket_notes)
