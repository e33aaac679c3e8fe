"""Every write of the outages' side: links, followers, and what all who wait are told."""

from __future__ import annotations

from plugins.outage_notice.outages.actions.closing import close_if_over
from plugins.outage_notice.outages.actions.correcting import note_told, start_correction
from plugins.outage_notice.outages.actions.dropping import drop_unconcerned
from plugins.outage_notice.outages.actions.following import follow, follow_affected, unfollow
from plugins.outage_notice.outages.actions.linking import (
    link_new_ticket,
    link_tickets,
    unlink_tickets,
    wait_again,
)
from plugins.outage_notice.outages.actions.reopening import open_again
from plugins.outage_notice.outages.actions.replying import answer_surge, answer_with_update, start_reply
from plugins.outage_notice.outages.actions.telling import send_items, send_waiting

__all__ = [
    "answer_surge",
    "answer_with_update",
    "close_if_over",
    "drop_unconcerned",
    "follow",
    "follow_affected",
    "link_new_ticket",
    "link_tickets",
    "note_told",
    "open_again",
    "send_items",
    "send_waiting",
    "start_correction",
    "start_reply",
    "unfollow",
    "unlink_tickets",
    "wait_again",
]
