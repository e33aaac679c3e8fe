"""Letters of this room, queued inside the caller's transaction, in the language of whom they are for."""

from __future__ import annotations

import uuid

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from helpdesk.accounts.models import User
from helpdesk.mail.actions import queue_mail
from helpdesk.web.letters import language_for


def write_to(user: User, address: str | None, subject: str, text: str) -> None:
    """Queue a letter in the running transaction; people without a mailbox get none."""
    if address:
        queue_mail(address, subject, text, event_id=f"account-{user.id}-{uuid.uuid4().hex}")


def tell_of_change(user: User, address: str | None, what: str) -> None:
    with force_locale(language_for(user.locale)):
        desk = current_app.extensions["helpdesk"].settings.name
        subjects = {"password": _("Your password was changed"), "email": _("Your e-mail address was changed")}
        text = _(
            "Hello %(name)s,\n\n%(what)s at %(desk)s.\n\n"
            "If this was you, there is nothing to do. If not, tell the help desk at once.",
            name=user.name, what=subjects[what], desk=desk,
        )  # fmt: skip
        write_to(user, address, subjects[what], text)
