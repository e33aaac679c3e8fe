"""Every write of announcements. One function = one transaction = rows, audit, timeline, event, feed."""

from __future__ import annotations

from plugins.outage_notice.announcements.actions.drafts import change_draft, create_draft, delete_draft, duplicate
from plugins.outage_notice.announcements.actions.ending import cancel, reopen, resolve, withdraw
from plugins.outage_notice.announcements.actions.publishing import (
    approve_must_confirm,
    edit_published,
    publish,
    publish_new,
)
from plugins.outage_notice.announcements.actions.services import show_service_again
from plugins.outage_notice.announcements.actions.steps import fire_due_steps
from plugins.outage_notice.announcements.actions.trying import send_test
from plugins.outage_notice.announcements.actions.undoing import undo_resolve
from plugins.outage_notice.announcements.actions.updates import post_update

__all__ = [
    "approve_must_confirm",
    "cancel",
    "change_draft",
    "create_draft",
    "delete_draft",
    "duplicate",
    "edit_published",
    "fire_due_steps",
    "post_update",
    "publish",
    "publish_new",
    "reopen",
    "resolve",
    "send_test",
    "show_service_again",
    "undo_resolve",
    "withdraw",
]
