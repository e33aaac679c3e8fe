"""`/announcements/<id>/preview`: the banner and the notice as somebody of the audience sees them, for staff."""

from __future__ import annotations

from dataclasses import replace

from flask import render_template, request

from helpdesk.plugin_api import allow, get_viewer
from helpdesk.plugin_api import now as clock_now
from plugins.outage_notice.announcements.forms.words import LANGUAGE_NAMES
from plugins.outage_notice.announcements.queries import first_shown_at, preview_notice
from plugins.outage_notice.announcements.rules import window
from plugins.outage_notice.banners.queries.payload import BannerTexts, banner_payload
from plugins.outage_notice.banners.rules import NOTHING, surface
from plugins.outage_notice.banners.views.banner_view import BannerView
from plugins.outage_notice.banners.views.pages import pages, words_of


@pages.get("/announcements/<int:announcement_id>/preview")
@allow("requester")
def preview(announcement_id: int) -> str:
    """As nobody in particular sees it: no receipt is written, and requesters find no such page."""
    viewer, now = get_viewer(), clock_now()
    at = first_shown_at(viewer, announcement_id, now)
    found = preview_notice(viewer, announcement_id, at)
    announcement = found.announcement
    wanted = request.args.get("lang", "")
    texts = BannerTexts.of(announcement, wanted if wanted in announcement.texts else viewer.locale)
    banner = banner_payload(announcement, texts, NOTHING, 0, at)
    return render_template(
        "outage_notice/notice_preview.html",
        id=announcement_id,
        b=replace(BannerView.of(banner, at), id=0),  # the viewer's own banner may stand on the same page
        surface=surface(banner, is_staff=False),
        is_shown=window(announcement, at).is_shown,
        shown_from=at if at > now else None,
        is_on_board=False,
        languages=[(lang, LANGUAGE_NAMES.get(lang, lang), lang == texts.lang) for lang in sorted(announcement.texts)],
        **words_of(found, banner, texts.lang),
    )
