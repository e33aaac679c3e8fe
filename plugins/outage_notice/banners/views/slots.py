"""What the plugin puts into the slots of every page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import g, render_template
from flask_babel import get_locale
from flask_babel import gettext as _

from helpdesk.plugin_api import Board, Viewer, feed_head
from helpdesk.plugin_api import now as clock_now
from plugins.outage_notice.announcements.queries import live_announcements
from plugins.outage_notice.announcements.rules import window
from plugins.outage_notice.banners.queries import boards
from plugins.outage_notice.banners.queries.payload import iso
from plugins.outage_notice.banners.rules import Surface, arrange
from plugins.outage_notice.banners.views.banner_view import BannerView
from plugins.outage_notice.banners.views.words import script_words

STACK_LIMIT = 3


def page_slot(slot: str, viewer: Viewer | None, now: datetime) -> str:
    """The bar under the header, the stack with its dialog, templates and data, the bar of the sign-in page; else ""."""
    if slot == "login":
        return _public_bar(now)
    if viewer is None or slot not in ("top", "floating"):
        return ""
    board = _board_of_page(viewer, now)
    placed = arrange(board.banners, is_staff=viewer.is_staff)
    if slot == "top":
        bars = placed[Surface.bar]
        bar = BannerView.of(bars[0], now) if bars else None
        return render_template("outage_notice/top.html", bar=bar)
    return _stack(viewer, board, placed, now)


def _public_bar(now: datetime) -> str:
    """For people who have not signed in: the newest critical notice that is marked as public."""
    public = [
        a
        for a in live_announcements(now)
        if a.is_public and not a.is_drill and a.severity == 1 and window(a, now).is_shown
    ]
    if not public:
        return ""
    newest = max(public, key=lambda a: a.updated_for_readers_at)
    lang, texts = newest.texts_in(str(get_locale()))
    promised = newest.next_update_at if newest.next_update_at and newest.next_update_at > now else None
    return render_template("outage_notice/login.html", lang=lang, title=texts.title, next_update_at=promised)


def count_of_board(viewer: Viewer) -> int:
    """How many notices are active for this person, for the bell."""
    return len(_board_of_page(viewer, clock_now()).banners)


def _board_of_page(viewer: Viewer, now: datetime) -> Board:
    """Asked once for all slots of a page, so that they agree."""
    board: Board | None = g.get("outage_notice_board")
    if board is None:
        # The head is read before the board: the data is never older than the number it is said to have.
        g.outage_notice_head = feed_head()
        board = g.outage_notice_board = boards([viewer.id], now)[viewer.id]
    return board


def _stack(viewer: Viewer, board: Board, placed: Mapping[Surface, list[Mapping[str, Any]]], now: datetime) -> str:
    shape = {b["id"]: surface.value for surface in (Surface.card, Surface.row) for b in placed[surface]}
    drawn = [(shape[b["id"]], BannerView.of(b, now)) for b in board.banners if b["id"] in shape]
    more = max(0, len(drawn) - STACK_LIMIT)
    return render_template(
        "outage_notice/floating.html",
        viewer=viewer,
        shown=drawn[:STACK_LIMIT],
        more=more,
        more_label=_("1 more notice") if more == 1 else _("%(count)s more notices", count=more),
        dialog=[BannerView.of(b, now) for b in placed[Surface.dialog]],
        board=board_object(board, now),
        strings=script_words(),
    )


def board_object(board: Board, now: datetime) -> dict[str, Any]:
    """The board as the socket and the API send it."""
    head = g.get("outage_notice_head") or feed_head()
    return {
        "epoch": head.epoch,
        "seq": head.seq,
        "server_time": iso(now),
        "tag": board.tag,
        "banners": [dict(b) for b in board.banners],
    }
