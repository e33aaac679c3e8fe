"""Queueing messages to the channels inside other actions' transactions, trying the channels, and trying again."""

from __future__ import annotations

import uuid

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from helpdesk.audit import actions as audit
from helpdesk.channels import queries
from helpdesk.channels.rules import LONGEST_TEXT, LONGEST_TITLE, one_line
from helpdesk.core import clock, outbox
from helpdesk.core.database import transaction
from helpdesk.core.errors import Conflict, Forbidden
from helpdesk.core.outbox import NOTIFY_CHANNEL
from helpdesk.hooks.specs import Viewer

LEAST_LEVEL = 4


def queue_notification(title: str, text: str, *, event_id: str, level: int = LEAST_LEVEL) -> int:
    """Queue one message to every channel in the running transaction; it goes out after the commit.

    How many channels got one by this call: none without channels, or when this event has queued it before. `level` is
    that of an announcement, 1 to 4. The texts are for everybody who reads there, in the language of the settings.
    """
    payload = {"title": one_line(title)[:LONGEST_TITLE], "text": text[:LONGEST_TEXT], "level": level}
    sent = [outbox.send(NOTIFY_CHANNEL, c.key, payload, event_id=event_id) for c in queries.channels()]
    return sum(row_id is not None for row_id in sent)


def send_test(actor: Viewer) -> int:
    """Send a message to every channel, to see whether it arrives. How many channels. Raises Forbidden, Conflict."""
    _require_administrator(actor)
    settings = current_app.extensions["helpdesk"].settings
    with transaction(), force_locale(settings.locale):
        title = _("Test of the channels of %(name)s", name=settings.name)
        text = _("%(person)s sent this from Administration. Nothing is broken.", person=actor.name)
        count = queue_notification(title, text, event_id=f"channels-test-{uuid.uuid4().hex}")
        if not count:
            raise Conflict(_("No channel is set."))
        audit.record(actor, "channels.tested", "channels", "", after={"channels": count})
    return count


def retry_message(actor: Viewer, message_id: str) -> None:
    """Try a message again that was given up. Raises NotFound, Forbidden, Conflict when it was not."""
    now = clock.now()
    _require_administrator(actor)
    with transaction():
        message = queries.get_message(message_id)
        if not outbox.retry(message.id, now):
            raise Conflict(_("This message was not given up, or it is being tried again already."))
        audit.record(actor, "channels.retried", "channel_message", message.id)


def _require_administrator(actor: Viewer) -> None:
    if not actor.is_administrator:
        raise Forbidden(_("Only administrators try the channels."))
