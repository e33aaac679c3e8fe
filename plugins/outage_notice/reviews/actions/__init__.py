"""Every write of reviews: one public function, one transaction."""

from __future__ import annotations

from plugins.outage_notice.reviews.actions.answering import give_feedback
from plugins.outage_notice.reviews.actions.following import (
    NewAction,
    add_action,
    change_action,
    finish_action,
    link_ticket,
    remind,
)
from plugins.outage_notice.reviews.actions.keeping import keep_grown_reach, keep_reach
from plugins.outage_notice.reviews.actions.reviewing import (
    correct_entry,
    publish_review,
    save_review,
    take_review_back,
)

__all__ = [
    "NewAction",
    "add_action",
    "change_action",
    "correct_entry",
    "finish_action",
    "give_feedback",
    "keep_grown_reach",
    "keep_reach",
    "link_ticket",
    "publish_review",
    "remind",
    "save_review",
    "take_review_back",
]
