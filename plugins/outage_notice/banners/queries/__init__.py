"""Reads about banners: boards, receipts, and how far an announcement reached."""

from __future__ import annotations

from plugins.outage_notice.banners.queries.boards import boards, concerned_people, next_board_change, retirements
from plugins.outage_notice.banners.queries.reach import reach, reach_summary
from plugins.outage_notice.banners.queries.receipts import receipts_of

__all__ = ["boards", "concerned_people", "next_board_change", "reach", "reach_summary", "receipts_of", "retirements"]
