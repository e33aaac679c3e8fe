"""Signing in and out. Every attempt is counted before the password is checked, so parallel guesses count as well."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from helpdesk.accounts import passwords, queries
from helpdesk.accounts.actions._shared import announce_user, end_all_sessions, require_own_or_administrator
from helpdesk.accounts.models import ApiToken, SignInFailure, User, UserSession
from helpdesk.accounts.rules import (
    FAILURES_FORGOTTEN_AFTER,
    NETWORK_FAILURES_FORGOTTEN_AFTER,
    SEEN_EVERY,
    delay_after,
    network_delay_after,
    normal_email,
    wait_left,
)
from helpdesk.audit import actions as audit
from helpdesk.core import clock
from helpdesk.core.addresses import network_of
from helpdesk.core.database import transaction
from helpdesk.core.errors import Invalid, NotFound, TooMany
from helpdesk.hooks.specs import Viewer

WHOLE_NETWORK = "*"


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session just begun. `token` goes into the cookie and is not stored anywhere."""

    token: str
    user_id: int
    locale: str | None


def sign_in(email: str, password: str, address: str | None, agent: str | None) -> NewSession:
    """Begin a session. Raises Invalid with one and the same text whatever is wrong, TooMany after many failures."""
    now = clock.now()
    account = hashlib.sha256((normal_email(email) or "").encode()).hexdigest()
    network = network_of(address)
    with transaction() as session:
        _count_attempt(session, account, network, now)
        user = queries.find_user_by_email(email)
        usable = user if user is not None and _may_sign_in(user) else None
        user_id, stored = (usable.id, usable.password_hash) if usable else (None, None)
    is_right = passwords.is_password(stored, password)
    upgraded = passwords.hash_password(password) if is_right and stored and passwords.needs_upgrade(stored) else None
    if not is_right or user_id is None:
        _refuse(user_id)
    return _begin(user_id, stored, upgraded, account, network, address, agent)


def _may_sign_in(user: User) -> bool:
    is_production = current_app.extensions["helpdesk"].settings.is_production
    return user.disabled_at is None and not (user.is_demo and is_production)


def _refuse(user_id: int | None) -> NoReturn:
    with transaction():
        audit.record(None, "session.refused", "user", user_id if user_id is not None else "unknown")
    raise Invalid({"": _("The e-mail address or the password is not right.")})


def _begin(
    user_id: int, stored: str | None, upgraded: str | None, account: str, network: str,
    address: str | None, agent: str | None,
) -> NewSession:  # fmt: skip
    now = clock.now()
    token = secrets.token_urlsafe(32)
    with transaction() as session:
        user = queries.get_user(user_id)
        if user.disabled_at is not None or user.password_hash != stored:  # changed while the password was checked
            raise Invalid({"": _("The e-mail address or the password is not right.")})
        if upgraded:
            user.password_hash = upgraded
        _forgive(session, account, network)
        session.add(
            UserSession(
                token_hash=queries.token_hash(token), user_id=user.id, created_at=now, seen_at=now,
                address=(address or "")[:64] or None, agent=(agent or "")[:255] or None,
            )
        )  # fmt: skip
        audit.record(user, "session.started", "user", user.id)
        return NewSession(token, user.id, user.locale)


def _count_attempt(session: Session, account: str, network: str, now: datetime) -> None:
    """Count this attempt as failed until it succeeds. Raises TooMany, uncounted, while a delay runs."""
    kinds = (
        (account, delay_after, FAILURES_FORGOTTEN_AFTER),
        (WHOLE_NETWORK, network_delay_after, NETWORK_FAILURES_FORGOTTEN_AFTER),
    )
    rows = {}
    for key, delay, forgotten_after in kinds:
        row = session.scalar(
            select(SignInFailure)
            .where(SignInFailure.account == key, SignInFailure.network == network)
            .with_for_update()
        )
        if row is not None and now >= row.last_at + forgotten_after:
            row.failures = 0
        left = wait_left(row.last_at, delay(row.failures), now) if row is not None else timedelta()
        if left > timedelta():
            raise _too_many(left)
        rows[key] = row
    for key, row in rows.items():
        if row is None:
            row = SignInFailure(account=key, network=network, failures=0)
            session.add(row)
        row.failures += 1
        row.last_at = now
    forgotten = SignInFailure.last_at < now - FAILURES_FORGOTTEN_AFTER
    session.execute(delete(SignInFailure).where(forgotten), execution_options={"synchronize_session": False})


def _too_many(left: timedelta) -> TooMany:
    seconds = max(1, int(left.total_seconds() + 0.999))
    text = _("Too many attempts. Try again in %(seconds)s seconds.", seconds=seconds)
    return TooMany(text, retry_after_seconds=seconds)


def _forgive(session: Session, account: str, network: str) -> None:
    """A sign-in that succeeded clears the account's failures and takes its own attempt off the network's."""
    pair = (SignInFailure.account == account, SignInFailure.network == network)
    session.execute(delete(SignInFailure).where(*pair))
    whole = (SignInFailure.account == WHOLE_NETWORK, SignInFailure.network == network, SignInFailure.failures > 0)
    session.execute(update(SignInFailure).where(*whole).values(failures=SignInFailure.failures - 1))


def sign_out(actor: Viewer, session_id: int) -> None:
    """End the session that the request came with; its sockets are closed as well."""
    end_session(actor, actor.id, session_id)


def end_session(actor: Viewer, user_id: int, session_id: int) -> None:
    """End one session of a person: one's own, or anybody's as an administrator. Raises NotFound."""
    now = clock.now()
    require_own_or_administrator(actor, user_id)
    with transaction() as session:
        row = session.get(UserSession, session_id)
        if row is None or row.user_id != user_id:
            raise NotFound(_("There is no such session."))
        if row.ended_at is None:
            row.ended_at = now
            audit.record(actor, "session.ended", "user", user_id)
            announce_user(queries.get_user(user_id), sessions_ended=True)


def end_sessions(actor: Viewer | None, user_id: int, *, but: int | None = None) -> int:
    """End all sessions of a person, or all but one. How many there were. Raises Forbidden, NotFound."""
    now = clock.now()
    require_own_or_administrator(actor, user_id)
    with transaction() as session:
        user = queries.get_user(user_id)
        count = end_all_sessions(session, user_id, now, but=but)
        audit.record(actor, "session.ended_all", "user", user_id, after={"count": count})
        announce_user(user, sessions_ended=True)
    return count


def note_session_seen(session_id: int) -> None:
    """Remember that a session is in use; called at most every five minutes for each."""
    now = clock.now()
    with transaction() as session:
        due = (UserSession.id == session_id, UserSession.seen_at <= now - SEEN_EVERY)
        session.execute(update(UserSession).where(*due).values(seen_at=now))


def note_token_used(token_id: int) -> None:
    """Remember that an API token is in use; called at most every five minutes for each."""
    now = clock.now()
    with transaction() as session:
        session.execute(update(ApiToken).where(ApiToken.id == token_id).values(used_at=now))
