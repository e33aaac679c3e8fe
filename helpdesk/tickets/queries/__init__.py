"""Every read of tickets. Whatever takes a viewer gives only what that person may see."""

from __future__ import annotations

from helpdesk.tickets.queries.tickets import (
    find_message_by_cause,
    find_visible_ticket,
    get_message,
    get_ticket_by_id,
    get_visible_attachment,
    get_visible_ticket,
    ticket_facts,
)

__all__ = [
    "find_message_by_cause",
    "find_visible_ticket",
    "get_message",
    "get_ticket_by_id",
    "get_visible_attachment",
    "get_visible_ticket",
    "ticket_facts",
]
