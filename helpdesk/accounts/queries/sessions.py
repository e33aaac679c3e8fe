"""Reads of sessions, API tokens and one-time links: all are found by the hash of what the person holds."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from helpdesk.accounts.models import ApiToken, OneTimeToken, User, UserSession
from helpdesk.accounts.rules import SESSION_IDLE, SESSION_LIFE, Purpose, is_session_over
from helpdesk.core.database import db


def token_hash(token: str) -> str:
    """What is stored of a token. A plain hash is enough: the tokens are random and 256 bit long."""
    return hashlib.sha256(token.encode()).hexdigest()


def find_session(token: str, now: datetime) -> tuple[User, UserSession] | None:
    """The person (with department) and session of a browser's token; None when ended, too old, or disabled."""
    row = db.session.execute(
        select(User, UserSession)
        .join(UserSession, UserSession.user_id == User.id)
        .where(UserSession.token_hash == token_hash(token), UserSession.ended_at.is_(None), User.disabled_at.is_(None))
        .options(joinedload(User.department))
    ).one_or_none()
    if row is None or is_session_over(row.UserSession.created_at, row.UserSession.seen_at, now):
        return None
    return row.User, row.UserSession


def find_api_token(token: str, now: datetime) -> tuple[User, ApiToken] | None:
    """The person and row of an API token; None when unknown, revoked, expired, or the person is disabled."""
    row = db.session.execute(
        select(User, ApiToken)
        .join(ApiToken, ApiToken.user_id == User.id)
        .where(
            ApiToken.token_hash == token_hash(token),
            ApiToken.revoked_at.is_(None),
            ApiToken.expires_at > now,
            User.disabled_at.is_(None),
        )
        .options(joinedload(User.department))
    ).one_or_none()
    return None if row is None else (row.User, row.ApiToken)


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
