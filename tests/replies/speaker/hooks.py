"""A plugin for the tests: says what it is told to say, or raises."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from helpdesk.hooks.specs import ReplyText, TicketFacts, hookimpl

answers: list[Any] = []
asked: list[tuple[str, str, str]] = []


@hookimpl
def automated_reply(ticket: TicketFacts, event: str, locale: str, now: datetime) -> ReplyText | None:
    asked.append((ticket.subject, event, locale))
    answer = answers[0] if answers else None
    if isinstance(answer, Exception):
        raise answer
    return answer
