"""Which outages concern a person, or a ticket: one rule for automated replies, linked tickets and the ticket form."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from plugins.outage_notice.announcements.rules.lifecycle import phase, window
from plugins.outage_notice.announcements.rules.vocabulary import Kind, Phase
from plugins.outage_notice.audiences.rules import ViewerFacts, matches

if TYPE_CHECKING:
    from plugins.outage_notice.announcements.queries.live import LiveAnnouncement


@dataclass(frozen=True, slots=True)
class Match:
    """An outage that concerns a ticket. `by` is "service", "words", or "person" where nothing else was asked."""

    announcement: LiveAnnouncement
    by: str


def find_matches(
    announcements: Iterable[LiveAnnouncement],
    requester: ViewerFacts,
    lineage: Collection[int],
    text: str,
    now: datetime,
) -> list[Match]:
    """The active outages that concern a ticket of `requester`, most severe first.

    Concerned: the requester is in the audience, and the ticket's service or one above it is among the affected ones, or
    the ticket has none and its words match. `lineage`: the service and those above it. A planned maintenance counts
    while it runs; drills and information never do.
    """
    found = []
    for announcement in concerning(announcements, requester, now):
        if lineage:
            if is_about(announcement, lineage):
                found.append(Match(announcement, "service"))
        elif words_match(announcement, text):
            found.append(Match(announcement, "words"))
    return sorted(found, key=order_of)


def find_weak_matches(
    announcements: Iterable[LiveAnnouncement],
    requester: ViewerFacts,
    lineage: Collection[int],
    text: str,
    now: datetime,
) -> list[Match]:
    """The active outages that only the words speak for: the ticket names another service. Most severe first."""
    if not lineage:
        return []
    found = [
        Match(announcement, "words")
        for announcement in concerning(announcements, requester, now)
        if not is_about(announcement, lineage) and words_match(announcement, text)
    ]
    return sorted(found, key=order_of)


def is_about(announcement: LiveAnnouncement, lineage: Collection[int]) -> bool:
    """Whether it affects a service, or one of which that is a part: `lineage`, the service and those above it."""
    return any(service.id in lineage for service in announcement.services)


def concerning(announcements: Iterable[LiveAnnouncement], person: ViewerFacts, now: datetime) -> list[LiveAnnouncement]:
    """The running outages whose audience the person is in."""
    return [a for a in announcements if is_running(a, now) and matches(a.targets, person)]


def is_running(announcement: LiveAnnouncement, now: datetime) -> bool:
    """Whether it is an outage that people feel now: an incident, or a maintenance under way; never a drill."""
    return (
        announcement.kind in (Kind.incident, Kind.maintenance)
        and not announcement.is_drill
        and phase(announcement, now) is Phase.active
        and window(announcement, now).is_shown
    )


def order_of(match: Match) -> tuple[int, int, float]:
    """Severity, then incidents before maintenance, then the newest change."""
    announcement = match.announcement
    is_maintenance = announcement.kind is Kind.maintenance
    return (announcement.severity, int(is_maintenance), -announcement.updated_for_readers_at.timestamp())


def fold(text: str) -> str:
    """Lower case without accents, words apart by single spaces."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(re.findall(r"\w+", plain))


def words_match(announcement: LiveAnnouncement, text: str) -> bool:
    """Whether one of the announcement's keywords, or the name of an affected service, stands in the text.

    Keywords are separated by commas or line ends; each must occur as whole words, in order.
    """
    written = f" {fold(text)} "
    phrases = [*re.split(r"[,;\n]", announcement.keywords), *(service.name for service in announcement.services)]
    return any(f" {phrase} " in written for phrase in map(fold, phrases) if phrase)
