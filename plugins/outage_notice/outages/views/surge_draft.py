"""Beside the draft of an outage that was declared from a surge: its tickets, and whether they are answered."""

from __future__ import annotations

from datetime import datetime

from flask import render_template, request

from helpdesk.plugin_api import Viewer
from plugins.outage_notice.outages.actions.surges import answers_wanted, choose_answer
from plugins.outage_notice.outages.queries.surge_drafts import count_to_link
from plugins.outage_notice.outages.queries.surges import surges_of_announcement

MARK, CHOICE = "surge_tickets", "answer_surge"  # the first says that the choice was on the page


def draft_part(announcement_id: int, viewer: Viewer, now: datetime) -> str:  # noqa: ARG001  (shape of room parts)
    """How many tickets publishing links; in the composer the choice to answer them. "" without a surge."""
    found = surges_of_announcement(announcement_id)
    if not found:
        return ""
    return render_template(
        "outage_notice/surge_draft.html",
        tickets=count_to_link(announcement_id, found),
        answers=answers_wanted(found),
        in_composer=request.path.endswith("/edit"),
        mark=MARK,
        choice=CHOICE,
    )


def keep_answer(viewer: Viewer, announcement_id: int, wants: bool) -> None:
    """Keep with the surge what a program chose. Nothing where the draft has none."""
    choose_answer(viewer, announcement_id, answers=wants)


def keep_choice(viewer: Viewer, announcement_id: int) -> None:
    """Keep what was ticked in the composer with the surge."""
    if MARK in request.form:
        choose_answer(viewer, announcement_id, answers=CHOICE in request.form)
