"""Delivers messages to the channels. A repetition after a crash carries the same number at its end."""

from __future__ import annotations

from helpdesk.channels import queries
from helpdesk.channels.rules import OF_USE_FOR
from helpdesk.core import clock, notifying
from helpdesk.core.outbox import NOTIFY_CHANNEL, GiveUp, Item

NUMBER_LENGTH = 8


class ChannelFailed(OSError):
    """The service did not take the message. The text names the reason and no part of the address."""


def deliver(item: Item) -> None:
    """Send one message to one channel. Raises ChannelFailed, to be tried again, and GiveUp when it is no use."""
    channel = queries.find_channel(item.recipient)
    if channel is None:
        raise GiveUp("the settings do not name this channel any more")
    if clock.now() - item.created_at > OF_USE_FOR:
        raise GiveUp("not taken for six hours: too late to be of use")
    title, text = item.payload["title"], item.payload["text"]
    numbered = f"{text}\n({item.id[:NUMBER_LENGTH]})"
    if problem := notifying.send(channel.address, title, numbered, item.payload["level"]):
        raise ChannelFailed(f"{channel.scheme}: {problem}")


DELIVERERS = {NOTIFY_CHANNEL: deliver}
