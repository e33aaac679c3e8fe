"""How many people two audiences have in common."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select

from helpdesk.plugin_api import User, db
from plugins.outage_notice.audiences.queries import audience_condition
from plugins.outage_notice.audiences.rules import Target


def count_shared_people(one: Iterable[Target], other: Iterable[Target]) -> int:
    """The enabled people who are in both audiences."""
    both = audience_condition(one) & audience_condition(other)
    return db.session.scalar(select(func.count()).select_from(User).where(both)) or 0
