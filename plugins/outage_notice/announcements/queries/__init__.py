"""Reads of announcements. There is no other way to get one: loading and authorising are one step."""

from __future__ import annotations

from plugins.outage_notice.announcements.queries.facts import check_facts
from plugins.outage_notice.announcements.queries.lists import Filters, ListPage, Tab, list_announcements
from plugins.outage_notice.announcements.queries.live import (
    LiveAnnouncement,
    LiveService,
    LiveUpdate,
    ending_of,
    live_announcements,
    live_by_ids,
)
from plugins.outage_notice.announcements.queries.notices import (
    Notice,
    first_shown_at,
    get_notice,
    preview_notice,
    recent_notices,
)
from plugins.outage_notice.announcements.queries.records import (
    Entry,
    FullAnnouncement,
    draft_of,
    entries_since,
    get_announcement,
    get_for_change,
    get_full,
    require_announcer,
    timeline,
    updates_of,
)

__all__ = [
    "Entry",
    "Filters",
    "FullAnnouncement",
    "ListPage",
    "LiveAnnouncement",
    "LiveService",
    "LiveUpdate",
    "Notice",
    "Tab",
    "check_facts",
    "draft_of",
    "ending_of",
    "entries_since",
    "first_shown_at",
    "get_announcement",
    "get_for_change",
    "get_full",
    "get_notice",
    "list_announcements",
    "live_announcements",
    "live_by_ids",
    "preview_notice",
    "recent_notices",
    "require_announcer",
    "timeline",
    "updates_of",
]
