"""`/notices`: a person's notice list; `/notices/<id>`: one notice; and the buttons for browsers without scripts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from helpdesk.plugin_api import HelpdeskError, NotFound, Viewer, allow, get_viewer
from helpdesk.plugin_api import now as clock_now
from plugins.outage_notice.announcements.models import Update
from plugins.outage_notice.announcements.queries import LiveAnnouncement, Notice, get_notice, recent_notices
from plugins.outage_notice.announcements.rules import Phase, effective_status, phase
from plugins.outage_notice.announcements.views.blueprint import notice_parts
from plugins.outage_notice.banners.actions import record_receipt
from plugins.outage_notice.banners.queries import boards
from plugins.outage_notice.banners.queries.payload import BannerTexts, banner_payload
from plugins.outage_notice.banners.rules import NOTHING, What
from plugins.outage_notice.banners.views.banner_view import BannerView
from plugins.outage_notice.banners.views.words import kind_label, status_label

pages = Blueprint(
    "outage_notice_banners",
    __name__,
    template_folder="../../templates",
    static_folder="../../static",
    static_url_path="/outage-notice/static",
)


@pages.get("/notices")
@allow("requester")
def notices() -> str:
    """Everything active and what ended in the last 30 days, also what was hidden."""
    viewer, now = get_viewer(), clock_now()
    shown = [BannerView.of(b, now) for b in boards([viewer.id], now)[viewer.id].banners]
    ids = {b.id for b in shown}
    past = [_past_row(a, viewer, now) for a in recent_notices(viewer, now) if a.id not in ids]
    return render_template("outage_notice/notice_list.html", shown=shown, past=past)


def _past_row(announcement: LiveAnnouncement, viewer: Viewer, now: datetime) -> dict[str, Any]:
    lang, texts = announcement.texts_in(viewer.locale)
    return {
        "id": announcement.id,
        "title": texts.title,
        "lang": lang,
        "severity": announcement.severity,
        "status": status_label(effective_status(announcement, now).value),
        "is_over": phase(announcement, now) in (Phase.over, Phase.cancelled),
        "started_at": announcement.actual_start_at or announcement.starts_at or announcement.published_at,
        "ended_at": _end(announcement, now),
    }


def _end(announcement: LiveAnnouncement, now: datetime) -> datetime | None:
    """When it was over. What was called off keeps the end of its window."""
    if phase(announcement, now) is Phase.cancelled:
        return announcement.planned_end_at
    return announcement.actual_end_at or announcement.closed_at


@pages.get("/notices/<int:announcement_id>")
@allow("requester")
def notice(announcement_id: int) -> str:
    """One notice with its public updates, for the people it is for."""
    viewer, now = get_viewer(), clock_now()
    found = get_notice(viewer, announcement_id, now)
    texts = BannerTexts.of(found.announcement, viewer.locale)
    on_board = {b["id"]: b for b in boards([viewer.id], now)[viewer.id].banners}
    banner = on_board.get(announcement_id) or banner_payload(found.announcement, texts, NOTHING, 0, now)
    return render_template(
        "outage_notice/notice.html",
        b=BannerView.of(banner, now),
        is_on_board=announcement_id in on_board,
        parts=notice_parts(announcement_id),
        **words_of(found, banner, texts.lang),
    )


def words_of(found: Notice, banner: Mapping[str, Any], lang: str) -> dict[str, Any]:
    """What the page of a notice says besides its banner, in one language."""
    return {
        "kind": kind_label(banner),
        "status": status_label(found.status.value),
        "is_over": found.phase in (Phase.over, Phase.cancelled),
        "ended_at": found.announcement.actual_end_at or found.announcement.closed_at,
        "updates": [_update_row(update, lang) for update in found.updates],
    }


def _update_row(update: Update, lang: str) -> dict[str, Any]:
    text = update.translations.get(lang, update.text)
    return {"at": update.at, "text": text, "status": status_label(update.status.value) if update.status else ""}


@pages.post("/notices/<int:announcement_id>/receipt")
@allow("requester")
def receipt(announcement_id: int) -> Response:
    """What a button does where scripts do not run; then back to where the person was."""
    try:
        what, version = What(request.form.get("what", "")), int(request.form.get("version", ""))
    except ValueError as error:
        raise NotFound(_("This notice is not on your list any more.")) from error
    try:
        record_receipt(get_viewer(), announcement_id, version, what)
    except HelpdeskError as error:
        flash(str(error.message), "error")
    return redirect(_back())


def _back() -> str:
    """The page the button was on, as a path of this site."""
    parts = urlsplit(request.referrer or "")
    return parts.path if parts.netloc == request.host and parts.path.startswith("/") else "/notices"
