"""What a person is told under the new-ticket form: one outage, the worst that fits what they write."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import render_template

from helpdesk.plugin_api import FormNotice, Viewer, markdown_to_html
from plugins.outage_notice.announcements.queries import LiveAnnouncement
from plugins.outage_notice.announcements.rules import effective_status
from plugins.outage_notice.announcements.views.rows import style_of
from plugins.outage_notice.outages.queries.links import follows
from plugins.outage_notice.outages.queries.matching import outages_of_text
from plugins.outage_notice.outages.rules import notice_key


def form_notices(viewer: Viewer, service_id: int | None, text: str, now: datetime) -> Sequence[FormNotice]:
    """The outage that fits service and title, else one that only the title fits; none when nothing does."""
    strong, weak = outages_of_text(viewer, service_id, text, now)
    return [_notice(match.announcement, viewer, now) for match in (*strong, *weak)[:1]]


def _notice(announcement: LiveAnnouncement, viewer: Viewer, now: datetime) -> FormNotice:
    is_followed = not viewer.is_staff and follows(announcement.id, viewer.id)
    key = notice_key(announcement.id)
    html = draw_followed(announcement) if is_followed else _draw(announcement, viewer, key, now)
    return FormNotice(key, html)


def _draw(announcement: LiveAnnouncement, viewer: Viewer, key: str, now: datetime) -> str:
    lang, texts = announcement.texts_in(viewer.locale)
    return render_template(
        "outage_notice/outages_deflect.html",
        a=announcement,
        key=key,
        lang=lang,
        texts=texts,
        style=style_of(announcement.kind, announcement.severity),
        status=effective_status(announcement, now),
        workaround=markdown_to_html(texts.workaround) if texts.workaround else "",
        eta=announcement.expected_end_at(now),
        now=now,
        started_at=announcement.began_at(now),
        may_follow=not viewer.is_staff,
    )


def draw_followed(announcement: LiveAnnouncement) -> str:
    """What stands in its place once the person follows."""
    return render_template("outage_notice/outages_followed.html", a=announcement)
