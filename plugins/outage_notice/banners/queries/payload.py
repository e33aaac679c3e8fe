"""The `banner` object that pages, the socket and the API share. Its shape is a promise to others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpdesk.plugin_api import markdown_to_html
from plugins.outage_notice.announcements.queries import LiveAnnouncement
from plugins.outage_notice.announcements.rules import Window, effective_status, phase, window
from plugins.outage_notice.banners.rules import ReceiptFacts, permissions, receipt_state

RTL_LANGUAGES = frozenset({"ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"})


def iso(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC, ending in Z."""
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def _html(markdown: str) -> str:
    return str(markdown_to_html(markdown))


@dataclass(frozen=True, slots=True)
class BannerTexts:
    """The texts of one announcement in the language of some readers, as safe HTML."""

    lang: str
    title: str
    description_html: str
    workaround_html: str
    latest_update: Mapping[str, str | None] | None

    @classmethod
    def of(cls, announcement: LiveAnnouncement, locale: str) -> BannerTexts:
        """The texts in `locale` where they are translated, else as the author wrote them."""
        lang, texts = announcement.texts_in(locale)
        update = announcement.latest_update
        return cls(
            lang=lang,
            title=texts.title,
            description_html=_html(texts.description),
            workaround_html=_html(texts.workaround),
            latest_update=None
            if update is None
            else {
                "at": iso(update.at),
                "html": str(markdown_to_html(update.texts.get(lang) or update.texts[announcement.locale])),
            },
        )


def banner_payload(
    announcement: LiveAnnouncement, texts: BannerTexts, receipt: ReceiptFacts, version: int, now: datetime
) -> dict[str, Any]:
    """The banner as one person sees it at `now`. Times are ISO 8601 UTC."""
    must_confirm = announcement.must_confirm and announcement.confirmed_by_id is not None
    allowed = permissions(announcement.kind, announcement.severity, must_confirm, receipt.snooze_count)
    shown = window(announcement, now)
    return {
        "id": announcement.id,
        "version": version,
        "revision": announcement.revision,
        "kind": announcement.kind.value,
        "severity": announcement.severity,
        "status": effective_status(announcement, now).value,
        "phase": phase(announcement, now).value,
        "title": texts.title,
        "description_html": texts.description_html,
        "workaround_html": texts.workaround_html,
        "latest_update": None if _is_former(announcement, shown) else texts.latest_update,
        "lang": texts.lang,
        "dir": "rtl" if texts.lang.split("-")[0].split("_")[0] in RTL_LANGUAGES else "ltr",
        "may_hide": allowed.may_hide,
        "may_snooze": allowed.may_snooze,
        "must_confirm": must_confirm,
        "receipt": receipt_state(
            receipt, announcement.loud_seq, shown.shown_from if announcement.recurrence else None, now
        ),
        "services": [{"id": s.id, "name": s.name, "effect": s.effect.value} for s in announcement.services],
        "started_at": iso(announcement.began_at(now)),
        "eta": iso(announcement.expected_end_at(now)),
        "next_update_at": iso(announcement.next_update_at),
        "show_until": iso(shown.shown_until),
        "updated_at": iso(announcement.updated_for_readers_at),
        "url": f"/notices/{announcement.id}",
        "drill": announcement.is_drill,
    }


def _is_former(announcement: LiveAnnouncement, shown: Window) -> bool:
    """Whether the latest update belongs to an earlier time of a repeated announcement."""
    update, since = announcement.latest_update, shown.shown_from
    return announcement.recurrence is not None and update is not None and since is not None and update.at < since
