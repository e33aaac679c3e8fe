"""What automated replies offer to the plugin: the answer to "what applies to this person now?", and the preview."""

from __future__ import annotations

from plugins.outage_notice.announcements.queries.replies import offer_ticket_reply
from plugins.outage_notice.announcements.views.preview import offer_reply
from plugins.outage_notice.automated_replies.api import api
from plugins.outage_notice.automated_replies.rendering import preview_reply, reply_about

BLUEPRINTS = (api,)


def wire() -> None:
    """Let the composer show the automated reply, and the tickets of a surge be answered with it."""
    offer_reply(preview_reply)
    offer_ticket_reply(reply_about)
