"""What a playbook holds, its blanks, and the draft that it becomes."""

from __future__ import annotations

from plugins.outage_notice.playbooks.rules.blanks import (
    BLANKS_LIMIT,
    SERVICE_BLANK,
    VALUE_LIMIT,
    Blank,
    Values,
    bad_blanks,
    blanks_in,
    fill,
    free_blanks,
    is_blank_name,
    is_sentence,
)
from plugins.outage_notice.playbooks.rules.content import (
    CHECKLIST_LIMIT,
    MINUTES_LIMIT,
    NAME_LIMIT,
    PEOPLE_LIMIT,
    Briefing,
    Content,
    PlaybookTexts,
    Purpose,
    problems_of,
)
from plugins.outage_notice.playbooks.rules.drafting import (
    Audience,
    Choices,
    draft_from,
    missing_blanks,
    next_five_minutes,
)

__all__ = [
    "BLANKS_LIMIT",
    "CHECKLIST_LIMIT",
    "MINUTES_LIMIT",
    "NAME_LIMIT",
    "PEOPLE_LIMIT",
    "SERVICE_BLANK",
    "VALUE_LIMIT",
    "Audience",
    "Blank",
    "Briefing",
    "Choices",
    "Content",
    "PlaybookTexts",
    "Purpose",
    "Values",
    "bad_blanks",
    "blanks_in",
    "draft_from",
    "fill",
    "free_blanks",
    "is_blank_name",
    "is_sentence",
    "missing_blanks",
    "next_five_minutes",
    "problems_of",
]
