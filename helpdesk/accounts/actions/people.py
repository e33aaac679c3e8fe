"""Making, changing, disabling people."""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from typing import Any

from flask import Flask, current_app
from flask_babel import gettext as _
from sqlalchemy import update

from helpdesk.accounts import passwords, queries
from helpdesk.accounts.actions._letters import tell_of_change
from helpdesk.accounts.actions._shared import (
    announce_user,
    check_password,
    check_person,
    end_all_sessions,
    flush_unique,
)
from helpdesk.accounts.models import ApiToken, User
from helpdesk.accounts.rules import DEMO_PASSWORD, NewUser, Role, UserChange, normal_email
from helpdesk.audit import actions as audit
from helpdesk.core import clock
from helpdesk.core.database import transaction
from helpdesk.core.errors import Conflict, Stale
from helpdesk.hooks.specs import Viewer
from helpdesk.web.access import require_administrator


def _facts(change: NewUser | UserChange) -> dict[str, Any]:
    """The values as the audit log keeps them."""
    values = {f.name: getattr(change, f.name) for f in dataclasses.fields(change)}
    return {name: value for name, value in values.items() if name not in ("password", "revision")}


def _insert(actor: Viewer | None, new: NewUser, stored: str | None, is_demo: bool) -> User:
    now = clock.now()
    with transaction() as session:
        values = _facts(new) | {"name": new.name.strip(), "email": normal_email(new.email)}
        check_person(session, **{k: v for k, v in values.items() if k != "role"})
        user = User(**values, password_hash=stored, is_demo=is_demo, created_at=now)
        session.add(user)
        flush_unique(session, "email", _("Another person has this address already."))
        announce_user(user, "created")
        audit.record(actor, "user.created", "user", user.id, after=values)
    return user


def create_user(actor: Viewer | None, new: NewUser) -> User:
    """Make a person. Raises Forbidden, Invalid (name, email, department_id, team_id, locale, time_zone, password)."""
    require_administrator(actor)
    stored = None
    if new.password is not None:
        check_password(new.password, new.name, new.email)
        stored = passwords.hash_password(new.password)
    return _insert(actor, new, stored, is_demo=False)


@lru_cache(maxsize=1)
def _demo_hash(_app: Flask) -> str:
    return passwords.hash_password(DEMO_PASSWORD)


def create_demo_user(new: NewUser) -> User:
    """Make a person of the demonstration with the password that everybody knows; production refuses their sign-in."""
    if current_app.extensions["helpdesk"].settings.is_production:
        raise Conflict(_("Demonstration accounts are not made in production."))
    return _insert(None, new, _demo_hash(current_app._get_current_object()), is_demo=True)  # type: ignore[attr-defined]


def _protect_administration(actor: Viewer | None, user: User) -> None:
    """Raises Conflict when `user`, an administrator, would stop being one by mistake."""
    if actor is not None and actor.id == user.id:
        raise Conflict(_("You cannot take your own administrator rights away. Ask another administrator to do it."))
    if queries.count_administrators() <= 1:
        raise Conflict(_("This is the last administrator. Make somebody else an administrator first."))


def change_user(actor: Viewer | None, user_id: int, change: UserChange) -> User:
    """Set everything an administrator may set of a person; a new role ends their sessions.

    Raises Forbidden, NotFound, Stale (somebody saved in between), Invalid, Conflict (the last administrator).
    """
    now = clock.now()
    require_administrator(actor)
    with transaction() as session:
        user = queries.get_user(user_id)
        before = queries.change_of(user)
        _require_newest(change, before)
        wanted = dataclasses.replace(change, name=change.name.strip(), email=normal_email(change.email))
        differing = [name for name, value in _facts(wanted).items() if getattr(before, name) != value]
        if not differing:
            return user
        check_person(session, own_id=user.id, **{k: v for k, v in _facts(wanted).items() if k != "role"})
        is_role_new = wanted.role != before.role
        if is_role_new and before.role == Role.administrator and user.disabled_at is None:
            _protect_administration(actor, user)
        for name in differing:
            setattr(user, name, getattr(wanted, name))
        user.revision += 1
        flush_unique(session, "email", _("Another person has this address already."))
        session.expire(user, ["department", "team"])  # still the rows of before
        if is_role_new:
            end_all_sessions(session, user.id, now)
        if "email" in differing:
            tell_of_change(user, before.email, "email")
        old, present = ({name: getattr(facts, name) for name in differing} for facts in (before, wanted))
        audit.record(actor, "user.changed", "user", user.id, before=old, after=present)
        announce_user(user, *differing, sessions_ended=is_role_new)
    return user


def _require_newest(change: UserChange, present: UserChange) -> None:
    """Raises Stale, with what is there now, for a change of an outdated revision."""
    if change.revision != present.revision:
        raise Stale(
            _("Somebody else changed this person in the meantime."), _facts(present) | {"revision": present.revision}
        )


def disable_user(actor: Viewer | None, user_id: int) -> User:
    """Shut a person out at once: sessions and sockets end, API tokens are revoked. Repeating it changes nothing.

    Raises Forbidden, NotFound, Conflict (oneself, or the last administrator).
    """
    now = clock.now()
    require_administrator(actor)
    with transaction() as session:
        user = queries.get_user(user_id)
        if user.disabled_at is not None:
            return user
        if actor is not None and actor.id == user.id:
            raise Conflict(_("You cannot disable your own account. Ask another administrator to do it."))
        if user.role == Role.administrator:
            _protect_administration(actor, user)
        user.disabled_at = now
        user.revision += 1
        end_all_sessions(session, user.id, now)
        live = (ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None))
        session.execute(update(ApiToken).where(*live).values(revoked_at=now))
        audit.record(actor, "user.disabled", "user", user.id)
        announce_user(user, "disabled", sessions_ended=True)
    return user


def enable_user(actor: Viewer | None, user_id: int) -> User:
    """Let a disabled person in again. Raises Forbidden, NotFound."""
    require_administrator(actor)
    with transaction():
        user = queries.get_user(user_id)
        if user.disabled_at is None:
            return user
        user.disabled_at = None
        user.revision += 1
        audit.record(actor, "user.enabled", "user", user.id)
        announce_user(user, "disabled")
    return user
