"""A test of an announcement that nobody but its author sees."""

from __future__ import annotations

import uuid

from flask_babel import gettext as _

from helpdesk.plugin_api import Conflict, Viewer, is_mail_address, queue_mail, record_audit, transaction
from plugins.outage_notice.announcements.queries.records import require_announcer


def send_test(actor: Viewer, subject: str, text: str) -> None:
    """Mail these words to whoever asks, and to nobody else. Raises Conflict for somebody without a mailbox."""
    require_announcer(actor)
    if not is_mail_address(actor.email or ""):
        raise Conflict(_("You have no mail address to send a test to. The popup is shown here only."))
    with transaction():
        record_audit(actor, "announcement.tested", "user", actor.id, after={"subject": subject})
        queue_mail(actor.email or "", subject, text, event_id=f"announcement-test-{uuid.uuid4().hex}")
