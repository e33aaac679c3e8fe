"""Reads of the channels and of what went to them. The callers have checked that an administrator asks."""

from __future__ import annotations

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import func, select

from helpdesk.channels.rules import Channel, channels_of
from helpdesk.config import Settings
from helpdesk.core.database import db
from helpdesk.core.errors import NotFound
from helpdesk.core.outbox import NOTIFY_CHANNEL, OutboxRow, OutboxState


def channels() -> tuple[Channel, ...]:
    """The channels of the running application, in the order of its settings."""
    settings: Settings = current_app.extensions["helpdesk"].settings
    return channels_of(settings.notify_addresses, settings.secret_key)


def find_channel(key: str) -> Channel | None:
    """The channel, None when the settings do not name it any more."""
    return next((channel for channel in channels() if channel.key == key), None)


def list_messages(limit: int) -> list[OutboxRow]:
    """What was sent or waits, newest first."""
    query = select(OutboxRow).where(OutboxRow.channel == NOTIFY_CHANNEL)
    return list(db.session.scalars(query.order_by(OutboxRow.created_at.desc(), OutboxRow.id).limit(limit)))


def get_message(message_id: str) -> OutboxRow:
    """Raises NotFound."""
    found = db.session.get(OutboxRow, message_id)
    if found is None or found.channel != NOTIFY_CHANNEL:
        raise NotFound(_("There is no such message."))
    return found


def count_given_up() -> int:
    """How many messages were given up and are still listed."""
    given_up = select(func.count()).select_from(OutboxRow).where(OutboxRow.channel == NOTIFY_CHANNEL)
    return db.session.scalar(given_up.where(OutboxRow.state == OutboxState.dead)) or 0
