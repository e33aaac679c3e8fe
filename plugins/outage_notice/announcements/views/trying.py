"""Sending an announcement to oneself as a mail before anybody else gets it."""

from __future__ import annotations

from flask import jsonify
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.plugin_api import Viewer, allow, get_viewer, limit, page_address
from plugins.outage_notice.announcements import actions
from plugins.outage_notice.announcements.forms import ComposerForm
from plugins.outage_notice.announcements.queries.choices import announcers
from plugins.outage_notice.announcements.rules import Draft, Kind, Texts
from plugins.outage_notice.announcements.rules.letters import (
    Letter,
    letter_of,
    promise_words,
    span_words,
    what_it_says,
)
from plugins.outage_notice.announcements.views.blueprint import bp


def mail_of(draft: Draft, reader: Viewer) -> Letter:
    """A mail about this announcement as it would read now, in the reader's language and time zone."""
    zone = reader.time_zone or "UTC"
    if draft.kind is Kind.maintenance and draft.starts_at and draft.planned_end_at:
        times = [span_words(draft.starts_at, draft.planned_end_at, zone)]
    else:
        times = promise_words(draft.eta, draft.next_update_at, zone)
    url = page_address("/notices")
    parts = [
        *what_it_says(Texts(draft.title, draft.description, draft.workaround), times),
        _("More about it: %(url)s", url=url),
    ]
    return letter_of(draft.title.strip() or _("The title stands here"), parts, is_drill=draft.is_drill)


@bp.post("/announcements/test")
@allow("technician")
@limit("10/minute")
def send_test() -> ResponseReturnValue:
    """Mail what is in the form to whoever is signed in; the page shows the popup itself."""
    viewer, form = get_viewer(), ComposerForm(owners=announcers())
    form.validate()  # a test of something unfinished is a test all the same
    mail = mail_of(form.draft(), viewer)
    actions.send_test(viewer, _("Test: %(subject)s", subject=mail.subject), "\n\n".join(mail.paragraphs))
    return jsonify(message=_("A test is on its way to you and to nobody else."))
