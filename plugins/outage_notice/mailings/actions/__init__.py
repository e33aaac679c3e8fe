"""Every write of mailings."""

from __future__ import annotations

from plugins.outage_notice.mailings.actions.starting import (
    follow_if_over,
    start_again,
    start_correction,
    start_planned,
)
from plugins.outage_notice.mailings.actions.wanting import mail_is_wanted
from plugins.outage_notice.mailings.actions.writing import write_chunk, write_waiting

__all__ = [
    "follow_if_over",
    "mail_is_wanted",
    "start_again",
    "start_correction",
    "start_planned",
    "write_chunk",
    "write_waiting",
]
