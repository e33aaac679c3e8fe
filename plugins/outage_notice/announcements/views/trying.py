"""How an announcement reads as a mail, and sending it to oneself before anybody else gets it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from flask import current_app, jsonify
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from helpdesk.plugin_api import Viewer, allow, get_viewer, limit, markdown_to_text
from plugins.outage_notice.announcements import actions
from plugins.outage_notice.announcements.forms import ComposerForm
from plugins.outage_notice.announcements.queries.choices import announcers
from plugins.outage_notice.announcements.rules import Draft, Kind
from plugins.outage_notice.announcements.views.blueprint import bp

SUBJECT_LIMIT = 200


def mail_of(draft: Draft, reader: Viewer) -> dict[str, Any]:
    """Subject and paragraphs of a mail about this announcement, in the reader's language and time zone."""
    title = _printable(" ".join(draft.title.split())) or str(_("The title stands here"))
    subject = _("Drill: %(title)s", title=title) if draft.is_drill else title
    parts = [markdown_to_text(draft.description), *_times(draft, reader)]
    if draft.workaround:
        parts.append(_("What you can do now: %(workaround)s", workaround=markdown_to_text(draft.workaround)))
    parts.append(_("More about it: %(url)s", url=f"{current_app.extensions['helpdesk'].settings.public_url}/notices"))
    return {
        "subject": subject[:SUBJECT_LIMIT],
        "paragraphs": [_printable(part).strip() for part in parts if part.strip()],
    }


def _printable(text: str) -> str:
    """Without the control characters that a form may carry and a mail may not."""
    return "".join(c for c in text if c.isprintable() or c == "\n")


def _times(draft: Draft, reader: Viewer) -> list[str]:
    if draft.kind is Kind.maintenance and draft.starts_at and draft.planned_end_at:
        start, end = (_time(moment, reader) for moment in (draft.starts_at, draft.planned_end_at))
        return [_("From %(start)s until %(end)s.", start=start, end=end)]
    said = []
    if draft.eta:
        said.append(_("We expect it to be over at about %(time)s. This is an estimate.", time=_time(draft.eta, reader)))
    if draft.next_update_at:
        said.append(_("The next update comes by %(time)s.", time=_time(draft.next_update_at, reader)))
    return said


def _time(moment: datetime, reader: Viewer) -> str:
    return str(format_datetime(moment, "EEE d MMM, HH:mm", tzinfo=ZoneInfo(reader.time_zone), locale=get_locale()))


@bp.post("/announcements/test")
@allow("technician")
@limit("10/minute")
def send_test() -> ResponseReturnValue:
    """Mail what is in the form to whoever is signed in; the page shows the popup itself."""
    viewer, form = get_viewer(), ComposerForm(owners=announcers())
    form.validate()  # a test of something unfinished is a test all the same
    mail = mail_of(form.draft(), viewer)
    actions.send_test(viewer, _("Test: %(subject)s", subject=mail["subject"]), "\n\n".join(mail["paragraphs"]))
    return jsonify(message=_("A test is on its way to you and to nobody else."))
