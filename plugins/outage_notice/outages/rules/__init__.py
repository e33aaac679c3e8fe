"""What outages decide without I/O: their tickets, and surges of new ones."""

from __future__ import annotations

from plugins.outage_notice.announcements.rules.retrying import ATTEMPTS, pause_before_retry
from plugins.outage_notice.outages.rules.links import (
    CANDIDATES_SINCE,
    HEARD,
    IN_THREAD,
    NUMBERS_LIMIT,
    OPEN,
    TEXT_LIMIT,
    BroadcastKind,
    By,
    How,
    ItemState,
    LinkResult,
    Result,
    announcement_of,
    is_over_for_tickets,
    may_hold_tickets,
    notice_key,
    reply_result,
    status_after_end,
    waits,
    wrote_since,
)

__all__ = [
    "ATTEMPTS",
    "CANDIDATES_SINCE",
    "HEARD",
    "IN_THREAD",
    "NUMBERS_LIMIT",
    "OPEN",
    "TEXT_LIMIT",
    "BroadcastKind",
    "By",
    "How",
    "ItemState",
    "LinkResult",
    "Result",
    "announcement_of",
    "is_over_for_tickets",
    "may_hold_tickets",
    "notice_key",
    "pause_before_retry",
    "reply_result",
    "status_after_end",
    "waits",
    "wrote_since",
]
