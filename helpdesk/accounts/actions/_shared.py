"""Steps that several actions of this room share. They run inside the caller's transaction."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from helpdesk.accounts import passwords
from helpdesk.accounts.models import Department, Team, User, UserSession
from helpdesk.accounts.rules import (
    EMAIL_LIMIT,
    NAME_LIMIT,
    PASSWORD_LIMIT,
    PASSWORD_MINIMUM,
    PasswordFault,
    SessionsEnded,
    UserChanged,
    find_password_fault,
)
from helpdesk.config import LOCALES
from helpdesk.core import feed, outbox
from helpdesk.core.errors import Invalid
from helpdesk.hooks.specs import Viewer
from helpdesk.web.access import require_administrator


def require_own_or_administrator(actor: Viewer | None, user_id: int) -> None:
    """Whether it is about oneself, or an administrator (the system itself too) acts. Raises Forbidden."""
    if actor is None or actor.id != user_id:
        require_administrator(actor)


def name_fault(name: str, limit: int = NAME_LIMIT) -> str | None:
    """What is wrong with a name of a person, department or team, or None."""
    if not name.strip():
        return str(_("Enter a name."))
    if len(name) > limit:
        return str(_("Use %(limit)s characters at most.", limit=limit))
    if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in name):
        return str(_("Use letters only, without control characters."))
    return None


def email_fault(email: str) -> str | None:
    """What is wrong with the form of an address, or None. Whether it exists is not asked."""
    from email_validator import EmailNotValidError, validate_email

    try:
        validate_email(email, check_deliverability=False, globally_deliverable=False, test_environment=True)
    except EmailNotValidError:
        return str(_("Enter an e-mail address such as ana@example.org."))
    return str(_("Use %(limit)s characters at most.", limit=EMAIL_LIMIT)) if len(email) > EMAIL_LIMIT else None


def locale_faults(locale: str | None, time_zone: str | None) -> dict[str, Any]:
    """Errors at the fields `locale` and `time_zone`."""
    faults: dict[str, Any] = {}
    if locale is not None and locale not in LOCALES:
        faults["locale"] = _("Choose one of the languages offered.")
    if time_zone is not None:
        try:
            ZoneInfo(time_zone)
        except (KeyError, ValueError, OSError):
            faults["time_zone"] = _("Use a name such as Europe/Madrid.")
    return faults


def check_person(
    session: Session,
    *,
    name: str,
    email: str | None,
    department_id: int | None,
    team_id: int | None,
    locale: str | None,
    time_zone: str | None,
    own_id: int | None = None,
) -> None:
    """Raises Invalid with everything that is wrong with these values of a person."""
    faults = locale_faults(locale, time_zone)
    if fault := name_fault(name):
        faults["name"] = fault
    if email is not None:
        if fault := email_fault(email):
            faults["email"] = fault
        elif session.scalar(select(User.id).where(User.email == email, User.id != (own_id or 0))) is not None:
            faults["email"] = _("Another person has this address already.")
    if department_id is not None and session.get(Department, department_id) is None:
        faults["department_id"] = _("There is no such department.")
    if team_id is not None and session.get(Team, team_id) is None:
        faults["team_id"] = _("There is no such team.")
    if faults:
        raise Invalid(faults)


def check_password(password: str, *personal: str | None, field: str = "password") -> None:
    """Raises Invalid at `field` when this may not be a password. Not inside a transaction: it reads a file once."""
    desk = current_app.extensions["helpdesk"].settings.name
    fault = find_password_fault(password, (desk, *(p for p in personal if p)), passwords.common_passwords())
    texts = {
        PasswordFault.short: _(
            "Use at least %(count)s characters. Several words are easy to remember.", count=PASSWORD_MINIMUM
        ),
        PasswordFault.long: _("Use at most %(count)s characters.", count=PASSWORD_LIMIT),
        PasswordFault.common: _("This password is on the lists that attackers try first. Choose another one."),
        PasswordFault.personal: _("This is too close to your name or address. Choose another one."),
        PasswordFault.repetitive: _("This repeats the same few characters. Choose another one."),
    }
    if fault is not None:
        raise Invalid({field: texts[fault]})


def flush_unique(session: Session, field: str, message: Any) -> None:
    """Write now, and turn a name or address that somebody else took at the same moment into an error at its field."""
    try:
        session.flush()
    except IntegrityError as error:
        raise Invalid({field: message}) from error


def end_all_sessions(session: Session, user_id: int, now: datetime, *, but: int | None = None) -> int:
    """End the sessions of a person, all or all but one. How many it were."""
    ended = update(UserSession).where(UserSession.user_id == user_id, UserSession.ended_at.is_(None))
    if but is not None:
        ended = ended.where(UserSession.id != but)
    result = session.execute(ended.values(ended_at=now))
    return int(getattr(result, "rowcount", 0))


def announce_user(user: User, *what: str, sessions_ended: bool = False) -> None:
    """Tell every process and the event handlers that something about a person changed."""
    user.authz_version = feed.record("user", user.id)
    if what:
        outbox.record(UserChanged(user.id, what))
    if sessions_ended:
        outbox.record(SessionsEnded(user.id))
