"""The items of a broadcast, which the ticker tells one by one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, insert, literal
from sqlalchemy.orm import Session

from plugins.outage_notice.outages.models import Broadcast, BroadcastItem
from plugins.outage_notice.outages.rules import ItemState


def write_items(session: Session, broadcast: Broadcast, at: datetime, who: Select[*tuple[Any, ...]]) -> int:
    """One waiting item for each row of `who`, in its order and in one statement. How many.

    `who` selects `user_id`, and `ticket_id` and `link_id` where there are any.
    """
    names = [*who.selected_columns.keys(), "broadcast_id", "state", "due_at", "attempts"]
    rows = who.add_columns(
        literal(broadcast.id),
        literal(ItemState.waiting.value),
        literal(at, BroadcastItem.due_at.type),
        literal(0),
    )
    return len(session.scalars(insert(BroadcastItem).from_select(names, rows).returning(BroadcastItem.id)).all())
