"""What owners of actions are written, in their language and time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from babel.dates import format_date
from flask_babel import force_locale
from flask_babel import gettext as _

from helpdesk.plugin_api import Viewer, language_for, page_address, time_zone_for
from plugins.outage_notice.reviews.models import ReviewAction


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    text: str


def reminder_letter(action: ReviewAction, owner: Viewer, at: datetime) -> Letter:
    """The reminder of an action of a review."""
    language = language_for(owner.locale)
    today = at.astimezone(time_zone_for(owner.time_zone)).date()
    day = format_date(action.due_on, "full", locale=language)
    url = page_address(f"/announcements/{action.announcement_id}/review")
    with force_locale(language):
        if action.due_on < today:
            said = str(_("This was due on %(day)s and is not marked as done:", day=day))
        else:
            said = str(_("This is due on %(day)s:", day=day))
        subject = str(_("Action of OUT-%(id)s: %(what)s", id=action.announcement_id, what=action.what))
        end = str(_("Mark it as done, or choose another date: %(url)s", url=f"{url}#actions"))
    return Letter(" ".join(subject.split()), f"{said}\n\n{action.what}\n\n{end}")
