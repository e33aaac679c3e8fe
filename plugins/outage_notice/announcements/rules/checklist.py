"""What is checked before an outage is called resolved, and how long its resolution can be undone."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from flask_babel import lazy_gettext as _l

from plugins.outage_notice.announcements.rules.lifecycle import ENDINGS
from plugins.outage_notice.announcements.rules.vocabulary import (
    CHECK_ITEM_LIMIT,
    CHECK_ITEMS_LIMIT,
    Kind,
    Severity,
    Status,
)

# What is asked when the announcement has no checklist of its own, by level.
DEFAULT_ITEMS = {
    Severity.critical: (
        _l("Tried it the way people use it"),
        _l("Monitoring is quiet"),
        _l("A person of those affected confirms it"),
        _l("The temporary measures are taken back"),
    ),
    Severity.major: (_l("Tried it the way people use it"), _l("Monitoring is quiet")),
}


class Undoable(Protocol):
    @property
    def status(self) -> Status: ...
    @property
    def undo_until(self) -> datetime | None: ...


def wants_validation(kind: Kind, severity: int) -> bool:
    """Whether it is said before resolving who checked what: incidents of level 1 and 2."""
    return kind is Kind.incident and severity <= Severity.major


def items_to_check(kind: Kind, severity: int, checklist: str) -> list[str]:
    """The items, in order: the announcement's own, else those of its level."""
    if not wants_validation(kind, severity):
        return []
    own = list(dict.fromkeys(line.strip()[:CHECK_ITEM_LIMIT] for line in checklist.splitlines() if line.strip()))
    return own[:CHECK_ITEMS_LIMIT] or [str(item) for item in DEFAULT_ITEMS[Severity(severity)]]


def may_undo(record: Undoable, now: datetime) -> bool:
    """Whether its resolution can still be taken back."""
    return record.status in ENDINGS and holds_back(record, now)


def holds_back(record: Undoable, now: datetime) -> bool:
    """Whether mails and changes of tickets wait, because the resolution may be undone."""
    return record.undo_until is not None and now < record.undo_until
