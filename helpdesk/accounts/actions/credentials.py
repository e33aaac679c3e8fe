"""Passwords, addresses, and the links that set them. A change tells the address that was used until then."""

from __future__ import annotations

import secrets
from datetime import datetime

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from helpdesk.accounts import passwords, queries
from helpdesk.accounts.actions._letters import tell_of_change, write_to
from helpdesk.accounts.actions._shared import (
    announce_user,
    check_password,
    check_person,
    email_fault,
    end_all_sessions,
    flush_unique,
    locale_faults,
    name_fault,
)
from helpdesk.accounts.models import OneTimeToken, User, UserSession
from helpdesk.accounts.rules import (
    LIFE_OF,
    THEMES,
    ProfileChange,
    Purpose,
    Role,
    normal_email,
)
from helpdesk.audit import actions as audit
from helpdesk.core import clock
from helpdesk.core.database import transaction
from helpdesk.core.errors import Conflict, Invalid, NotFound
from helpdesk.hooks.specs import Viewer
from helpdesk.web.access import require_administrator
from helpdesk.web.letters import language_for, page_address


def _require_present_password(user_id: int, password: str) -> None:
    """Raises Invalid at the field `present`. Outside of a transaction, since checking takes a while."""
    if not passwords.is_password(queries.get_user(user_id).password_hash, password):
        raise Invalid({"present": _("This is not your present password.")})


def change_own_password(actor: Viewer, session_id: int, present: str, new: str) -> str:
    """Set one's own password; all other sessions end. The new token of the present one, for its cookie.

    Raises Invalid (present, password).
    """
    _require_present_password(actor.id, present)
    check_password(new, actor.name, actor.email)
    stored = passwords.hash_password(new)
    now = clock.now()
    token = secrets.token_urlsafe(32)
    with transaction() as session:
        user = queries.get_user(actor.id)
        user.password_hash, user.is_demo = stored, False
        end_all_sessions(session, user.id, now, but=session_id)
        own = (UserSession.id == session_id, UserSession.user_id == user.id)
        session.execute(update(UserSession).where(*own).values(token_hash=queries.token_hash(token)))
        _drop_links(session, user.id)
        tell_of_change(user, user.email, "password")
        audit.record(actor, "user.password_changed", "user", user.id)
        announce_user(user, sessions_ended=True)
    return token


def change_own_email(actor: Viewer, present: str, email: str) -> None:
    """Set one's own address; the old one is told. Raises Invalid (present, email)."""
    _require_present_password(actor.id, present)
    address = normal_email(email)
    if address is None or email_fault(address):
        raise Invalid({"email": _("Enter an e-mail address such as ana@example.org.")})
    with transaction() as session:
        user = queries.get_user(actor.id)
        before = user.email
        if address == before:
            return
        check_person(
            session, name=user.name, email=address, department_id=None, team_id=None, locale=None, time_zone=None,
            own_id=user.id,
        )  # fmt: skip
        user.email = address
        user.revision += 1
        flush_unique(session, "email", _("Another person has this address already."))
        _drop_links(session, user.id)
        tell_of_change(user, before, "email")
        audit.record(actor, "user.email_changed", "user", user.id, before={"email": before}, after={"email": address})
        announce_user(user, "email")


def change_profile(actor: Viewer, change: ProfileChange) -> None:
    """Set one's own name, language, time zone and theme. Raises Invalid (those fields)."""
    faults = locale_faults(change.locale, change.time_zone)
    if fault := name_fault(change.name):
        faults["name"] = fault
    if change.theme not in THEMES:
        faults["theme"] = _("Choose one of the themes offered.")
    if faults:
        raise Invalid(faults)
    with transaction():
        user = queries.get_user(actor.id)
        before = {"name": user.name, "locale": user.locale, "time_zone": user.time_zone, "theme": user.theme}
        user.name, user.theme = change.name.strip(), change.theme
        user.locale, user.time_zone = change.locale, change.time_zone
        after = {"name": user.name, "locale": user.locale, "time_zone": user.time_zone, "theme": user.theme}
        differing = [name for name in before if before[name] != after[name]]
        if differing:
            user.revision += 1
            audit.record(actor, "user.profile_changed", "user", user.id, before=before, after=after)
            announce_user(user, *differing)


def set_password(actor: Viewer | None, user_id: int, password: str) -> None:
    """Set anybody's password from the command line. Raises Forbidden, NotFound, Invalid (password)."""
    require_administrator(actor)
    user = queries.get_user(user_id)
    check_password(password, user.name, user.email)
    stored = passwords.hash_password(password)
    _store_password(actor, user_id, stored)


def _store_password(actor: Viewer | None, user_id: int, stored: str) -> None:
    now = clock.now()
    with transaction() as session:
        _change_password(session, actor, queries.get_user(user_id), stored, now)


def _change_password(session: Session, actor: audit.Named | None, user: User, stored: str, now: datetime) -> None:
    """The new hash of a password with all that follows: sessions and links end, the person is told."""
    user.password_hash, user.is_demo = stored, False
    end_all_sessions(session, user.id, now)
    _drop_links(session, user.id)
    tell_of_change(user, user.email, "password")
    audit.record(actor, "user.password_changed", "user", user.id)
    announce_user(user, sessions_ended=True)


# --- links that set a password -----------------------------------------------------------------------------------


def _drop_links(session: Session, user_id: int) -> None:
    session.execute(delete(OneTimeToken).where(OneTimeToken.user_id == user_id, OneTimeToken.used_at.is_(None)))


def _make_link(session: Session, user: User, purpose: Purpose) -> str:
    """The address of a new link; earlier ones of the person stop working."""
    _drop_links(session, user.id)
    token = secrets.token_urlsafe(32)
    expires_at = clock.now() + LIFE_OF[purpose]
    session.add(
        OneTimeToken(token_hash=queries.token_hash(token), purpose=purpose, user_id=user.id, expires_at=expires_at)
    )
    return page_address(f"/reset/{token}")


def make_first_administrator(name: str, email: str) -> str:
    """Make the first administrator, without a password. The link that sets one, good for 15 minutes.

    While that administrator has no password, it can be asked for again. Raises Invalid, Conflict (there is one).
    """
    now = clock.now()
    address = normal_email(email)
    with transaction() as session:
        user = queries.find_user_by_email(address)
        if queries.count_administrators() and not (
            user is not None and user.role == Role.administrator and user.password_hash is None
        ):
            raise Conflict(_("There is an administrator already. Ask that person for an invitation."))
        if user is None:
            check_person(
                session, name=name, email=address, department_id=None, team_id=None, locale=None, time_zone=None
            )
            user = User(name=name.strip(), email=address, role=Role.administrator, created_at=now)
            session.add(user)
            flush_unique(session, "email", _("Another person has this address already."))
            audit.record(None, "user.created", "user", user.id, after={"role": Role.administrator})
        user.role = Role.administrator
        link = _make_link(session, user, Purpose.first_administrator)
        announce_user(user, "created")
    return link


def make_link(actor: Viewer | None, user_id: int, purpose: Purpose) -> str:
    """The address of a link that lets a person set a password, to be handed over by other means than mail.

    Raises Forbidden, NotFound, Conflict (disabled).
    """
    require_administrator(actor)
    with transaction() as session:
        user = _get_enabled(user_id)
        link = _make_link(session, user, purpose)
        audit.record(actor, f"user.{purpose.value}_made", "user", user.id)
    return link


def send_link(actor: Viewer | None, user_id: int, purpose: Purpose) -> None:
    """Mail a person a link that lets them set a password.

    Raises Forbidden, NotFound, Conflict (disabled, or no address).
    """
    require_administrator(actor)
    with transaction() as session:
        user = _get_enabled(user_id)
        if user.email is None:
            raise Conflict(_("This person has no e-mail address. Add one first."))
        link = _make_link(session, user, purpose)
        _mail_link(user, link, purpose)
        audit.record(actor, f"user.{purpose.value}_sent", "user", user.id)


def _get_enabled(user_id: int) -> User:
    user = queries.get_user(user_id)
    if user.disabled_at is not None:
        raise Conflict(_("This person is disabled. Enable them first."))
    return user


def _mail_link(user: User, link: str, purpose: Purpose) -> None:
    desk = current_app.extensions["helpdesk"].settings.name
    hours = int(LIFE_OF[purpose].total_seconds() // 3600)
    with force_locale(language_for(user.locale)):
        if purpose == Purpose.invitation:
            subject = _("Your account at %(desk)s", desk=desk)
            opening = _("an account was made for you at %(desk)s.", desk=desk)
        else:
            subject = _("Set a new password for %(desk)s", desk=desk)
            opening = _("somebody at %(desk)s sent you this so that you can set a new password.", desk=desk)
        text = _(
            "Hello %(name)s,\n\n%(opening)s\n\nSet your password here:\n%(link)s\n\n"
            "The address works once and for %(hours)s hours. If you did not expect this, ignore it.",
            name=user.name, opening=opening, link=link, hours=hours,
        )  # fmt: skip
        write_to(user, user.email, subject, text)


PASSWORD_PURPOSES = (Purpose.first_administrator, Purpose.invitation, Purpose.reset)


def follow_link(token: str, password: str) -> int:
    """Set the password that a link allows, once; all sessions of the person end. The id of the person.

    Raises NotFound when the link is unknown, used, expired or made for something else; Invalid (password).
    """
    gone = _("This link does not work any more. Ask for a new one.")
    found = queries.find_one_time_token(token, PASSWORD_PURPOSES, clock.now())
    if found is None:
        raise NotFound(gone)
    check_password(password, found[0].name, found[0].email)
    stored = passwords.hash_password(password)
    now = clock.now()
    with transaction() as session:
        found = queries.find_one_time_token(token, PASSWORD_PURPOSES, now)
        if found is None:
            raise NotFound(gone)
        user, link = found
        taken = update(OneTimeToken).where(OneTimeToken.id == link.id, OneTimeToken.used_at.is_(None))
        if getattr(session.execute(taken.values(used_at=now)), "rowcount", 0) != 1:
            raise NotFound(gone)
        _change_password(session, user, user, stored, now)
        return user.id
