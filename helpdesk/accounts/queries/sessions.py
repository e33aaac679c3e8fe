"""Reads of sessions, API tokens and one-time links: all are found by the hash of what the person holds."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select

from helpdesk.accounts.models import ApiToken, Department, OneTimeToken, User, UserSession
from helpdesk.accounts.queries.people import viewer_of_row
from helpdesk.accounts.rules import SESSION_IDLE, SESSION_LIFE, Purpose, Role, is_session_over
from helpdesk.core.database import db
from helpdesk.hooks.specs import Viewer


def token_hash(token: str) -> str:
    """What is stored of a token. A plain hash is enough: the tokens are random and 256 bit long."""
    return hashlib.sha256(token.encode()).hexdigest()


class FoundSession(NamedTuple):
    """A live session of a browser, and whose it is."""

    viewer: Viewer
    id: int
    seen_at: datetime


class FoundToken(NamedTuple):
    """An API token that works, and whose it is. `role` is the person's role today."""

    viewer: Viewer
    id: int
    role: Role
    scopes: Sequence[str]
    used_at: datetime | None


# Each request asks one of these two: they are made once, and carried out past the ORM.
_PERSON = (
    User.id,
    User.name,
    User.email,
    User.role,
    User.department_id,
    User.locale,
    User.time_zone,
    User.theme,
    Department.path.label("department_path"),
)
_BY_SESSION = (
    select(*_PERSON, UserSession.id.label("session_id"), UserSession.created_at, UserSession.seen_at)
    .join(UserSession, UserSession.user_id == User.id)
    .outerjoin(Department, Department.id == User.department_id)
    .where(UserSession.token_hash == bindparam("hash"), UserSession.ended_at.is_(None), User.disabled_at.is_(None))
)
_BY_API_TOKEN = (
    select(*_PERSON, ApiToken.id.label("token_id"), ApiToken.scopes, ApiToken.used_at)
    .join(ApiToken, ApiToken.user_id == User.id)
    .outerjoin(Department, Department.id == User.department_id)
    .where(
        ApiToken.token_hash == bindparam("hash"),
        ApiToken.revoked_at.is_(None),
        ApiToken.expires_at > bindparam("now"),
        User.disabled_at.is_(None),
    )
)


def find_session(token: str, now: datetime) -> FoundSession | None:
    """The person and session of a browser's token; None when ended, too old, or disabled."""
    row = db.session.connection().execute(_BY_SESSION, {"hash": token_hash(token)}).one_or_none()
    if row is None or is_session_over(row.created_at, row.seen_at, now):
        return None
    return FoundSession(viewer_of_row(row), row.session_id, row.seen_at)


def find_api_token(token: str, now: datetime) -> FoundToken | None:
    """The person and facts of an API token; None when unknown, revoked, expired, or the person is disabled."""
    found = db.session.connection().execute(_BY_API_TOKEN, {"hash": token_hash(token), "now": now})
    row = found.one_or_none()
    return None if row is None else FoundToken(viewer_of_row(row), row.token_id, row.role, row.scopes, row.used_at)


def list_sessions(user_id: int, now: datetime) -> list[UserSession]:
    """The sessions in which a person is signed in, last used first."""
    return list(
        db.session.scalars(
            select(UserSession)
            .where(
                UserSession.user_id == user_id,
                UserSession.ended_at.is_(None),
                UserSession.created_at > now - SESSION_LIFE,
                UserSession.seen_at > now - SESSION_IDLE,
            )
            .order_by(UserSession.seen_at.desc(), UserSession.id.desc())
        )
    )


def list_tokens(user_id: int, now: datetime) -> list[ApiToken]:
    """The API tokens of a person that work now, newest first."""
    wanted = (ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None), ApiToken.expires_at > now)
    return list(db.session.scalars(select(ApiToken).where(*wanted).order_by(ApiToken.id.desc())))


def find_one_time_token(token: str, purposes: tuple[Purpose, ...], now: datetime) -> tuple[User, OneTimeToken] | None:
    """The person and row of a link that was made for one of `purposes`, is not used and not expired."""
    row = db.session.execute(
        select(User, OneTimeToken)
        .join(OneTimeToken, OneTimeToken.user_id == User.id)
        .where(
            OneTimeToken.token_hash == token_hash(token),
            OneTimeToken.purpose.in_(purposes),
            OneTimeToken.used_at.is_(None),
            OneTimeToken.expires_at > now,
            User.disabled_at.is_(None),
        )
    ).one_or_none()
    return None if row is None else (row.User, row.OneTimeToken)
