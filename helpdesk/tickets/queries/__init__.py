"""Every read of tickets. Whatever takes a viewer gives only what that person may see."""

from __future__ import annotations

from helpdesk.tickets.queries.queue import (
    COUNT_LIMIT,
    TicketPage,
    TicketRow,
    count_views,
    get_row,
    list_own,
    list_queue,
)
from helpdesk.tickets.queries.thread import (
    ChangeView,
    FileView,
    MessageView,
    Thread,
    history,
    list_files,
    newest_words,
    thread,
)
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
    "COUNT_LIMIT",
    "ChangeView",
    "FileView",
    "MessageView",
    "Thread",
    "TicketPage",
    "TicketRow",
    "count_views",
    "find_message_by_cause",
    "find_visible_ticket",
    "get_message",
    "get_row",
    "get_ticket_by_id",
    "get_visible_attachment",
    "get_visible_ticket",
    "history",
    "list_files",
    "list_own",
    "list_queue",
    "newest_words",
    "thread",
    "ticket_facts",
]
