"""Notices on pages: the stack in the first paint, the bar, the dialog, the notice list, and a notice's own page."""

from __future__ import annotations

from plugins.outage_notice.banners.views import chart, previewing  # they add routes
from plugins.outage_notice.banners.views.pages import pages
from plugins.outage_notice.banners.views.slots import count_of_board, page_slot

__all__ = ["chart", "count_of_board", "page_slot", "pages", "previewing"]
