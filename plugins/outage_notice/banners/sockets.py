"""Receipts over the socket, and the reach for staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from helpdesk.plugin_api import Invalid, SocketVerb, Viewer, messages_of
from plugins.outage_notice.banners.api import ReceiptIn
from plugins.outage_notice.banners.collecting import take_receipt
from plugins.outage_notice.banners.queries.reach import reach_message


def receipt(viewer: Viewer, data: dict[str, Any]) -> None:
    """`receipt` {id, version, what, minutes?}. Raises Invalid for anything of another shape."""
    try:
        body = ReceiptIn.model_validate(data)
    except ValidationError as error:
        raise Invalid({name: " ".join(messages) for name, messages in messages_of(error).items()}) from error
    take_receipt(viewer, body.id, body.version, body.what, body.minutes)


VERBS = (SocketVerb("receipt", receipt),)


def staff_messages(changes: Sequence[tuple[str, str]]) -> list[tuple[str, Mapping[str, Any]]]:
    """A `reach` message for each announcement whose receipts changed."""
    ids = sorted({int(ref) for topic, ref in changes if topic == "reach" and ref.isdigit()})
    return [("reach", reach_message(i)) for i in ids]
