"""`/reviews`: what is to be done, what is to be written, and what is published; and the bar of whoever is late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import render_template, url_for
from flask_babel import gettext as _

from helpdesk.plugin_api import Viewer, allow, get_viewer, make_cursor, now, read_cursor
from plugins.outage_notice.announcements.queries import get_announcement
from plugins.outage_notice.announcements.rules import Status
from plugins.outage_notice.announcements.views.rows import RowNote
from plugins.outage_notice.reviews.queries.lists import (
    SHOWN,
    count_due,
    published_among,
    published_reviews,
    wanted_reviews,
)
from plugins.outage_notice.reviews.queries.moments import moments_of
from plugins.outage_notice.reviews.queries.records import actions_of, get_reviewed, is_over, open_actions
from plugins.outage_notice.reviews.rules import review_due_at
from plugins.outage_notice.reviews.views.blueprint import bp
from plugins.outage_notice.reviews.views.words import moment_text

CURSOR = "reviews.page"
PAGE = 20


@bp.get("/reviews")
@allow("agent")
def index() -> str:
    viewer, at = get_viewer(), now()
    after: Any = read_cursor(CURSOR)
    found = published_reviews(after, PAGE + 1)
    last = found[PAGE - 1] if len(found) > PAGE else None
    older = make_cursor(CURSOR, last.published_at, last.id) if last else None
    mine = open_actions(SHOWN, viewer.id)
    own = {action.id for action in mine}
    return render_template(
        "outage_notice/reviews.html",
        mine=mine,
        others=[action for action in open_actions(SHOWN) if action.id not in own],
        wanted=wanted_reviews(at),
        published=found[:PAGE],
        older_url=url_for("outage_notice_reviews.index", cursor=older) if older else None,
        newest_url=url_for("outage_notice_reviews.index") if after else None,
        today=at.date(),
    )


def room_part(announcement_id: int, viewer: Viewer, at: datetime) -> str:
    """The way to the review on the page of an announcement that is over."""
    if get_announcement(viewer, announcement_id).status is Status.draft:
        return ""
    record, review = get_reviewed(viewer, announcement_id)
    ended = moments_of([record])[record.id].ended_at
    if not is_over(record, at) or ended is None:
        return ""
    actions = actions_of([record.id]).get(record.id, [])
    return render_template(
        "outage_notice/review_room.html",
        id=record.id,
        review=review,
        is_published=review is not None and review.published_at is not None,
        due=moment_text(review_due_at(ended)),
        open_actions=sum(action.done_at is None for action in actions),
    )


def due_bar(viewer: Viewer, at: datetime) -> str:
    """A bar for the owner of actions whose time has come, until they are done."""
    due = count_due(viewer.id, at)
    return render_template("outage_notice/review_bar.html", due=due) if due else ""


def review_notes(announcement_ids: Sequence[int]) -> Mapping[int, RowNote]:
    """The way to each review that is published, on the rows of the list. One query."""
    words = str(_("Read review"))
    return {id: RowNote(words, f"/announcements/{id}/review") for id in published_among(announcement_ids)}
