"""Words, limits and pure decisions of reviews, their actions and feedback."""

from __future__ import annotations

from plugins.outage_notice.reviews.rules.availability import WEIGHTS, Availability, Outage, availability
from plugins.outage_notice.reviews.rules.figures import percentile
from plugins.outage_notice.reviews.rules.phases import Moments, Phase, PhaseName, phases_of
from plugins.outage_notice.reviews.rules.reminders import next_reminder
from plugins.outage_notice.reviews.rules.vocabulary import (
    ACTION_LIMIT,
    ACTIONS_LIMIT,
    COMMENT_LIMIT,
    TEXT_FIELDS,
    TEXT_LIMIT,
    Answer,
    Cause,
    Readers,
    Side,
    review_due_at,
)

__all__ = [
    "ACTIONS_LIMIT",
    "ACTION_LIMIT",
    "COMMENT_LIMIT",
    "TEXT_FIELDS",
    "TEXT_LIMIT",
    "WEIGHTS",
    "Answer",
    "Availability",
    "Cause",
    "Moments",
    "Outage",
    "Phase",
    "PhaseName",
    "Readers",
    "Side",
    "availability",
    "next_reminder",
    "percentile",
    "phases_of",
    "review_due_at",
]
