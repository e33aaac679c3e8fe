"""What a banner allows, what a receipt still counts for, the order of a board, and where a banner is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from plugins.outage_notice.announcements.rules import REMINDED_BEFORE, Kind

SNOOZE_MINUTES = 60
CONFIRM_SNOOZE_MINUTES = 5
CONFIRM_SNOOZES = 3
SNOOZE_LIMIT_MINUTES = 7 * 24 * 60
KIND_ORDER = {Kind.incident: 0, Kind.maintenance: 1, Kind.information: 2}


class What(StrEnum):
    """The verbs of a receipt."""

    delivered = "delivered"
    seen = "seen"
    read = "read"
    hidden = "hidden"
    snoozed = "snoozed"
    affected = "affected"


# These change what the person's other tabs show; `delivered` and `seen` only count.
FOLLOWED = frozenset({What.read, What.hidden, What.snoozed, What.affected})
DRAWN = frozenset({What.delivered, What.seen})


class Surface(StrEnum):
    dialog = "dialog"
    card = "card"
    row = "row"
    bar = "bar"
    list = "list"


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """What one person did with one banner. Versions are those on screen when they did it; 0 means never."""

    read_version: int = 0
    hidden_version: int = 0
    snoozed_version: int = 0
    snoozed_until: datetime | None = None
    snooze_count: int = 0
    is_affected: bool = False
    was_seen: bool = False
    acted_at: datetime | None = None
    feed_seq: int = 0


NOTHING = ReceiptFacts()


@dataclass(frozen=True, slots=True)
class Permissions:
    may_hide: bool
    may_snooze: bool


def permissions(kind: Kind, severity: int, must_confirm: bool, snooze_count: int = 0) -> Permissions:
    """Level 1 stays until it is over; level 2 may be hidden or put off; below that hiding is enough.

    A banner that must be confirmed can be put off three times, so that nobody loses work.
    """
    if must_confirm:
        return Permissions(may_hide=False, may_snooze=snooze_count < CONFIRM_SNOOZES)
    if severity == 1:
        return Permissions(may_hide=False, may_snooze=False)
    return Permissions(may_hide=True, may_snooze=severity == 2 and kind != Kind.information)


def receipt_state(receipt: ReceiptFacts, loud_seq: int, shown_since: datetime | None, now: datetime) -> dict[str, Any]:
    """The `receipt` object of a banner: read, hidden, snoozed_until, affected.

    What was done before the last loud change, or during an earlier occurrence of a recurring window, counts no more.
    """
    former = shown_since is not None and receipt.acted_at is not None and receipt.acted_at < shown_since
    snoozed = (
        receipt.snoozed_until
        if not former and receipt.snoozed_version >= loud_seq and receipt.snoozed_until and receipt.snoozed_until > now
        else None
    )
    return {
        "read": not former and 0 < receipt.read_version >= loud_seq,
        "hidden": not former and 0 < receipt.hidden_version >= loud_seq,
        "snoozed_until": snoozed.isoformat().replace("+00:00", "Z") if snoozed else None,
        "affected": receipt.is_affected,
    }


def order_key(severity: int, kind: Kind, changed_at: datetime) -> tuple[int, int, float]:
    """Severity first, then kind, then the newest change."""
    return (severity, KIND_ORDER[kind], -changed_at.timestamp())


def surface(banner: Mapping[str, Any], *, is_staff: bool, at_page_load: bool = True) -> Surface:
    """Where a banner is drawn for this person. The page's script follows the same table (static/js/board.js)."""
    receipt, severity = banner["receipt"], banner["severity"]
    if severity == 1:
        if receipt["read"]:
            return Surface.bar
        if receipt["snoozed_until"]:
            return Surface.list
        return Surface.dialog if banner["must_confirm"] and at_page_load else Surface.card
    if is_staff or severity == 4 or receipt["hidden"] or receipt["snoozed_until"] or receipt["read"]:
        return Surface.list
    return Surface.row if severity == 3 else Surface.card


def arrange(banners: Iterable[Mapping[str, Any]], *, is_staff: bool) -> dict[Surface, list[Mapping[str, Any]]]:
    """Banners by surface, in the order of the board. One card is open, unread level 1 are all; the rest are rows."""
    placed: dict[Surface, list[Mapping[str, Any]]] = {s: [] for s in Surface}
    for banner in banners:
        where = surface(banner, is_staff=is_staff)
        if where is Surface.card and banner["severity"] != 1 and (placed[Surface.card] or placed[Surface.row]):
            where = Surface.row
        placed[where].append(banner)
    return placed


def snooze_until(
    now: datetime, minutes: int | None, *, must_confirm: bool, remind_at: datetime | None = None
) -> datetime:
    """When a put-off banner returns: after the minutes asked for, else 15 minutes before a start, else in an hour."""
    if must_confirm:
        return now + timedelta(minutes=CONFIRM_SNOOZE_MINUTES)
    if minutes is not None:
        return now + timedelta(minutes=max(1, min(minutes, SNOOZE_LIMIT_MINUTES)))
    if remind_at is not None and remind_at - REMINDED_BEFORE > now:
        return remind_at - REMINDED_BEFORE
    return now + timedelta(minutes=SNOOZE_MINUTES)
