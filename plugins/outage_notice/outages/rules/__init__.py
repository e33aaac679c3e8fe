"""What outages decide without I/O: their tickets, and surges of new ones."""

from __future__ import annotations

from plugins.outage_notice.outages.rules.links import (
    ATTEMPTS,
    CANDIDATES_SINCE,
    HEARD,
    NUMBERS_LIMIT,
    OPEN,
    TEXT_LIMIT,
    BroadcastKind,
    By,
    How,
    ItemState,
    LinkResult,
    Result,
    is_over_for_tickets,
    may_hold_tickets,
    notice_key,
    pause_before_retry,
    reply_result,
    status_after_end,
    waits,
    wrote_since,
)

__all__ = [
    "ATTEMPTS",
    "CANDIDATES_SINCE",
    "HEARD",
    "NUMBERS_LIMIT",
    "OPEN",
    "TEXT_LIMIT",
    "BroadcastKind",
    "By",
    "How",
    "ItemState",
    "LinkResult",
    "Result",
    "is_over_for_tickets",
    "may_hold_tickets",
    "notice_key",
    "pause_before_retry",
    "reply_result",
    "status_after_end",
    "waits",
    "wrote_since",
]
