"""Replies to tickets: the one about an announcement, which a room above writes, and what they are about."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from helpdesk.plugin_api import ReplyText, TicketFacts, Viewer, service_lineages
from plugins.outage_notice.announcements.queries.live import LiveAnnouncement

WriteReply = Callable[[LiveAnnouncement, TicketFacts, Viewer, str, datetime], ReplyText]
FindRefused = Callable[[TicketFacts, Collection[int]], Collection[int]]
_written: dict[str, WriteReply] = {}
_refused: dict[str, FindRefused] = {}


def offer_ticket_reply(write: WriteReply) -> None:
    """Say how the automated reply reads: `write(announcement, ticket, requester, locale, now)`."""
    _written["reply"] = write


def ticket_reply(
    announcement: LiveAnnouncement, ticket: TicketFacts, requester: Viewer, locale: str, now: datetime
) -> ReplyText | None:
    """What the requester of this ticket is told of the announcement; None without a room that writes replies."""
    write = _written.get("reply")
    return None if write is None else write(announcement, ticket, requester, locale, now)


def offer_refused(find: FindRefused) -> None:
    """Say which of some announcements, by what its requester or an agent said, a ticket is not about."""
    _refused["find"] = find


def refused_of(ticket: TicketFacts, announcement_ids: Collection[int]) -> Collection[int]:
    """Those of the announcements that this ticket is not about; none without a room that knows."""
    find = _refused.get("find")
    return () if find is None else find(ticket, announcement_ids)


def lineage_of(service_id: int | None) -> Sequence[int]:
    """The service of a ticket and those above it; nothing for a ticket without one."""
    return () if service_id is None else service_lineages([service_id])[service_id]
