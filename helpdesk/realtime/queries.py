"""Reads of the live channel: sessions in batches, tickets that changed, and who is connected elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Select, select

from helpdesk.accounts.models import User, UserSession
from helpdesk.accounts.rules import SESSION_IDLE, SESSION_LIFE, STAFF
from helpdesk.core.database import db
from helpdesk.core.feed import FeedHead
from helpdesk.realtime.models import RealtimePresence
from helpdesk.realtime.rules import PRESENCE_LOST_SECONDS
from helpdesk.tickets.models import Ticket

PRELOADED = 20_000  # sessions read at once when nothing is known yet: some 5 MB


class Person(NamedTuple):
    """Who stands behind a session. `over_at` is when it ends unless the person uses it before."""

    session_id: int
    user_id: int
    is_staff: bool
    over_at: datetime


def _live_sessions(now: datetime) -> Select[UserSession, User]:
    return (
        select(UserSession, User)
        .join(User, UserSession.user_id == User.id)
        .where(
            UserSession.ended_at.is_(None),
            UserSession.seen_at > now - SESSION_IDLE,
            UserSession.created_at > now - SESSION_LIFE,
            User.disabled_at.is_(None),
        )
    )


def _people(query: Select[UserSession, User]) -> dict[str, Person]:
    columns = query.with_only_columns(
        UserSession.token_hash, UserSession.id, User.id, User.role, UserSession.created_at, UserSession.seen_at
    )
    return {
        token_hash: Person(session_id, user_id, role in STAFF, min(created_at + SESSION_LIFE, seen_at + SESSION_IDLE))
        for token_hash, session_id, user_id, role, created_at, seen_at in db.session.execute(columns)
    }


def people_of_tokens(token_hashes: Collection[str], now: datetime) -> dict[str, Person]:
    """By token hash; those that are signed out, too old or disabled are left out."""
    return _people(_live_sessions(now).where(UserSession.token_hash.in_(token_hashes)))


def people_signed_in(now: datetime) -> dict[str, Person]:
    """The most recently used live sessions by token hash, all of them in most installations."""
    return _people(_live_sessions(now).order_by(UserSession.seen_at.desc()).limit(PRELOADED))


def people_of_sessions(session_ids: Collection[int], now: datetime) -> dict[int, Person]:
    """By session id; those that have ended meanwhile are left out."""
    found: dict[int, Person] = {}
    ids = sorted(session_ids)
    for start in range(0, len(ids), 5000):
        chunk = ids[start : start + 5000]
        people = _people(_live_sessions(now).where(UserSession.id.in_(chunk)))
        found.update({person.session_id: person for person in people.values()})
    return found


def ticket_versions(ticket_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """(number, revision) by ticket id."""
    ids = sorted(set(ticket_ids))
    rows = db.session.execute(select(Ticket.id, Ticket.number, Ticket.revision).where(Ticket.id.in_(ids)))
    return {ticket_id: (number, revision) for ticket_id, number, revision in rows}


def is_ticket(number: int) -> bool:
    return db.session.scalar(select(Ticket.id).where(Ticket.number == number)) is not None


def presences(now: datetime) -> list[RealtimePresence]:
    """What the web processes that live have last said."""
    since = now - timedelta(seconds=PRESENCE_LOST_SECONDS)
    return list(db.session.scalars(select(RealtimePresence).where(RealtimePresence.seen_at > since)))


def epoch() -> str:
    return db.session.scalar(select(FeedHead.epoch).where(FeedHead.id == 1)) or ""
