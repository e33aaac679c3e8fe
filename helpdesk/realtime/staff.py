"""What the connected staff hear besides their boards: tickets that changed, the queue, and news of plugins."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from helpdesk.core.feed import Change
from helpdesk.realtime import queries, rules

if TYPE_CHECKING:
    from helpdesk.realtime.live import Live


class StaffNews:
    """Tickets are told at once; the queue and what plugins say at most once a second."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._is_queue_news = False
        self._news: set[tuple[str, str]] = set()
        self.queue_at = self.messages_at = float("-inf")  # when they were last told

    def note(self, changes: Iterable[Change]) -> None:
        """Tell of the tickets among these, and keep the rest for `tell`."""
        changes = list(changes)
        self._tell_tickets([change for change in changes if change.topic == "ticket"])
        self._news.update((change.topic, change.ref) for change in changes)

    def tell(self, now: datetime, now_seconds: float) -> None:
        """Tell what has waited, if it is time."""
        if self._is_queue_news and now_seconds - self.queue_at >= rules.QUEUE_SECONDS:
            self.queue_at, self._is_queue_news = now_seconds, False
            self._live.emit("queue", {}, self._live.connections.staff())
        if self._news and now_seconds - self.messages_at >= rules.QUEUE_SECONDS:
            self.messages_at = now_seconds
            self._tell_plugin_news(now)

    def _tell_tickets(self, changes: list[Change]) -> None:
        staff = self._live.connections.staff() if changes else []
        if not staff:
            return
        ids = {int(change.ref) for change in changes if change.ref.isdigit()}
        for number, version in queries.ticket_versions(ids).values():
            self._live.emit("ticket", {"number": number, "version": version}, staff)
        self._is_queue_news = True

    def _tell_plugin_news(self, now: datetime) -> None:
        changes, self._news = sorted(self._news), set()
        staff = self._live.connections.staff()
        if not staff:
            return
        for messages in self._live.state.plugins.collect("staff_messages", changes=changes, now=now):
            for event, payload in messages:
                self._live.emit(event, payload, staff)
