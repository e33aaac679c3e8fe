"""How much one act may cause."""

from __future__ import annotations

from flask import current_app
from flask_babel import gettext as _

from helpdesk.audit.actions import raise_alarm
from helpdesk.config import Settings
from helpdesk.core.errors import Invalid


def require_audience(people: int) -> None:
    """Raises Invalid, and an alarm, when something is about to be published to more people than the settings allow."""
    settings: Settings = current_app.extensions["helpdesk"].settings
    if people > settings.audience_limit:
        raise_alarm("audience", people=people, limit=settings.audience_limit)
        text = _(
            "This would reach %(people)s people; at most %(limit)s are allowed at once. Choose fewer, or ask an "
            "administrator to raise the limit.",
            people=people,
            limit=settings.audience_limit,
        )
        raise Invalid({"audience": text})
