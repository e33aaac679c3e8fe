"""What an agent may say in a ticket that belongs to an outage, before the canned replies of the desk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask_babel import force_locale
from flask_babel import gettext as _

from helpdesk.plugin_api import CannedText, Viewer, markdown_to_text, ticket_facts, viewers
from plugins.outage_notice.announcements.queries import LiveAnnouncement, live_by_ids
from plugins.outage_notice.announcements.rules import Phase, phase
from plugins.outage_notice.outages.queries.links import find_link
from plugins.outage_notice.outages.rules import How
from plugins.outage_notice.response.queries import find_shown_briefing


def linked_outage(ticket_id: int, now: datetime) -> LiveAnnouncement | None:
    """The running outage that a ticket belongs to."""
    link = find_link(ticket_id)
    if link is None or link.how is How.suggested:
        return None
    found = next(iter(live_by_ids([link.announcement_id])), None)
    return found if found is not None and phase(found, now) is Phase.active else None


def canned_replies(ticket_id: int, viewer: Viewer, now: datetime) -> Sequence[CannedText]:
    """The answer of the briefing, the latest update and the workaround, in the requester's language."""
    outage = linked_outage(ticket_id, now) if viewer.is_staff else None
    if outage is None:
        return ()
    requester = viewers([ticket_facts([ticket_id])[0].requester_id])
    locale = next((person.locale for person in requester.values()), outage.locale)
    briefing, update = find_shown_briefing(outage.id), outage.latest_update
    _lang, texts = outage.texts_in(locale)
    with force_locale(locale):
        workaround = _("Until then: %(workaround)s", workaround=texts.workaround) if texts.workaround else ""
    found = (
        (_("what to answer"), briefing.answer if briefing else ""),
        (_("last update"), update.text_in(locale) if update else ""),
        (_("what is down"), "\n\n".join(filter(None, (texts.title, texts.description, workaround)))),
    )
    return [
        CannedText(_("OUT-%(id)s: %(what)s", id=outage.id, what=what), markdown_to_text(text))
        for what, text in found
        if text.strip()
    ]
