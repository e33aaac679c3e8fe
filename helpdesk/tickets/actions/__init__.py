"""Every write of tickets. `append_…` and `change_inside` are for other rooms' running transactions."""

from __future__ import annotations

from helpdesk.tickets.actions.attaching import attach_files, sweep_files
from helpdesk.tickets.actions.changing import (
    assign,
    bulk_change,
    change_inside,
    change_ticket,
    reopen,
    set_status,
    take,
)
from helpdesk.tickets.actions.opening import open_ticket
from helpdesk.tickets.actions.writing import (
    add_automated_reply,
    add_message,
    append_automated_reply,
    append_reply,
)

__all__ = [
    "add_automated_reply",
    "add_message",
    "append_automated_reply",
    "append_reply",
    "assign",
    "attach_files",
    "bulk_change",
    "change_inside",
    "change_ticket",
    "open_ticket",
    "reopen",
    "set_status",
    "sweep_files",
    "take",
]
