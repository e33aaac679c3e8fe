"""API tokens: made, shown once, revoked."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta

from flask_babel import gettext as _

from helpdesk.accounts import queries
from helpdesk.accounts.actions._shared import name_fault, require_own_or_administrator
from helpdesk.accounts.models import ApiToken
from helpdesk.accounts.rules import SCOPES, TOKEN_DAYS, TOKEN_NAME_LIMIT, scopes_for
from helpdesk.audit import actions as audit
from helpdesk.core import clock
from helpdesk.core.database import transaction
from helpdesk.core.errors import Invalid, NotFound
from helpdesk.hooks.specs import Viewer

PREFIX = "hd_"  # lets secret scanners recognise one that was published by mistake


def make_token(
    actor: Viewer | None, user_id: int, name: str, scopes: Sequence[str], days: int = 90
) -> tuple[ApiToken, str]:
    """A new API token of a person, with the text to show once. People make their own; the system makes anybody's.

    Raises NotFound, Invalid (name, scopes, days).
    """
    now = clock.now()
    if actor is not None and actor.id != user_id:
        raise NotFound(_("There is no such person."))
    text = PREFIX + secrets.token_urlsafe(32)
    with transaction() as session:
        user = queries.get_user(user_id)
        _check(name, scopes, scopes_for(user.role), days)
        token = ApiToken(
            user_id=user.id,
            name=name.strip(),
            token_hash=queries.token_hash(text),
            scopes=[scope for scope in SCOPES if scope in scopes],
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
        session.add(token)
        session.flush()
        audit.record(actor, "token.created", "user", user.id, after={"token": token.id, "scopes": token.scopes})
    return token, text


def _check(name: str, scopes: Sequence[str], allowed: Sequence[str], days: int) -> None:
    faults = {}
    if fault := name_fault(name, TOKEN_NAME_LIMIT):
        faults["name"] = fault
    if not scopes:
        faults["scopes"] = _("Choose what the token may do.")
    elif set(scopes) - set(allowed):
        faults["scopes"] = _("The role does not allow this scope.")
    if not 1 <= days <= max(TOKEN_DAYS):
        faults["days"] = _("Choose between 1 and %(count)s days.", count=max(TOKEN_DAYS))
    if faults:
        raise Invalid(faults)


def revoke_token(actor: Viewer, user_id: int, token_id: int) -> None:
    """Make a token useless: one's own, or anybody's as an administrator. Raises Forbidden, NotFound."""
    now = clock.now()
    require_own_or_administrator(actor, user_id)
    with transaction() as session:
        token = session.get(ApiToken, token_id)
        if token is None or token.user_id != user_id:
            raise NotFound(_("There is no such token."))
        if token.revoked_at is None:
            token.revoked_at = now
            audit.record(actor, "token.revoked", "user", user_id, after={"token": token.id})
