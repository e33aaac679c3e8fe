"""Who was called to look at a surge, and who has it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import aliased

from helpdesk.plugin_api import User, db
from plugins.outage_notice.outages.models import Surge, SurgeCall
from plugins.outage_notice.outages.queries.surges import SurgeView, view_of
from plugins.outage_notice.outages.rules import surges
from plugins.outage_notice.outages.rules.surges import SurgeState


@dataclass(frozen=True, slots=True)
class NamedSurgeCall:
    user_id: int
    name: str
    caller: str | None  # None: that person is gone
    called_at: datetime
    answered_at: datetime | None


def calls_of_surge(surge_id: int) -> list[NamedSurgeCall]:
    """Those who were called, by name; first those who have it, the earliest answer first."""
    caller = aliased(User)
    rows = db.session.execute(
        select(SurgeCall, User.name, caller.name)
        .join(User, User.id == SurgeCall.user_id)
        .outerjoin(caller, caller.id == SurgeCall.called_by_id)
        .where(SurgeCall.surge_id == surge_id)
        .order_by(SurgeCall.answered_at.is_(None), SurgeCall.answered_at, User.name)
    )
    return [NamedSurgeCall(call.user_id, name, by, call.called_at, call.answered_at) for call, name, by in rows]


def open_surge_calls_of(user_id: int, now: datetime) -> list[SurgeView]:
    """The surges that this person is called for and that nobody has yet, while they last. Usually one read."""
    other = aliased(SurgeCall)
    answered = select(other.surge_id).where(other.surge_id == Surge.id, other.answered_at.is_not(None))
    query = (
        select(Surge)
        .join(SurgeCall, SurgeCall.surge_id == Surge.id)
        .where(
            SurgeCall.user_id == user_id,
            SurgeCall.answered_at.is_(None),
            Surge.state == SurgeState.open,
            Surge.last_at > now - surges.FADES_AFTER,
            ~answered.exists(),
        )
        .order_by(Surge.id)
    )
    return [view_of(surge, now) for surge in db.session.scalars(query).all()]
