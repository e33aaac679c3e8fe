"""What waits for a person of the staff on every page, and the briefings beside the queue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import g, render_template, request

from helpdesk.plugin_api import Viewer
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.views.rows import style_of
from plugins.outage_notice.response import queries
from plugins.outage_notice.response.models import Briefing
from plugins.outage_notice.response.rules import PromiseKind
from plugins.outage_notice.response.views.blueprint import WORDS

SHOWN = 3
QUEUE = "/tickets"
NEWS = timedelta(minutes=30)  # for so long a briefing is news on every page; then it stands beside the queue


def page_slot(slot: str, viewer: Viewer | None, _context: Mapping[str, Any], now: datetime) -> str:
    """The part of one slot; "" where there is nothing to say."""
    if viewer is None or not viewer.is_staff:
        return ""
    if slot == "top":
        return render_template(
            "outage_notice/response_top.html", bars=draw_bars(viewer, now, beside_queue=request.path == QUEUE)
        )
    if slot == "queue_side":
        return draw_briefings(now)
    return ""


DrawBars = Callable[[Viewer, datetime], str]
_others: list[DrawBars] = []


def offer_bars(draw: DrawBars) -> None:
    """Another room has something that waits for people of the staff."""
    if draw not in _others:
        _others.append(draw)


def draw_bars(viewer: Viewer, now: datetime, *, beside_queue: bool = False) -> str:
    """What waits for this person: calls, promises, new briefings unless they stand beside the queue anyway, and what
    other rooms offer.
    """
    return _own_bars(viewer, now, beside_queue) + "".join(draw(viewer, now) for draw in _others)


def _own_bars(viewer: Viewer, now: datetime, beside_queue: bool) -> str:
    """The calls that this person has not answered, the promises that concern them, and agents' new briefings."""
    calls = queries.open_calls_of(viewer.id, now)
    promises = [p for p in queries.told_promises_of(viewer.id, now) if viewer.may_announce or _for_agents(p)]
    news = [] if viewer.may_announce or beside_queue else [one for one in _briefings(now) if _is_new(one[1], now)]
    if not calls and not promises and not news:
        return ""
    return render_template(
        "outage_notice/response_bars.html",
        news=news[:SHOWN],
        calls=calls[:SHOWN],
        promises=promises[:SHOWN],
        more=max(0, len(promises) - SHOWN),
        now=now,
        viewer=viewer,
        **WORDS,
    )


def _for_agents(live: Any) -> bool:
    """An agent who manages is told of what is published, not of drafts."""
    return live.record.published_at is not None and live.promise.kind is not PromiseKind.first_message


def _is_new(briefing: Briefing, now: datetime) -> bool:
    """Whether it was sent or changed a short while ago."""
    return max(briefing.updated_at, briefing.sent_at or briefing.updated_at) > now - NEWS


def _briefings(now: datetime) -> list[tuple[Announcement, Briefing]]:
    """What agents should know now; asked once for a page."""
    if "outage_notice_briefings" not in g:
        g.outage_notice_briefings = queries.briefings_shown(now)
    found: list[tuple[Announcement, Briefing]] = g.outage_notice_briefings
    return found


def draw_briefings(now: datetime) -> str:
    """What agents should know now, one panel for each outage; the place stays, for the script to fill it."""
    return render_template(
        "outage_notice/response_briefings.html", briefings=_briefings(now)[:SHOWN], style_of=style_of
    )
