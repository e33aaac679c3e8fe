"""What automated replies offer to the plugin: the answer to "what applies to this person now?", and the preview."""

from __future__ import annotations

from plugins.outage_notice.announcements.views.preview import offer_reply
from plugins.outage_notice.automated_replies.api import api
from plugins.outage_notice.automated_replies.rendering import preview_reply

BLUEPRINTS = (api,)


def wire() -> None:
    """Let the composer show the automated reply."""
    offer_reply(preview_reply)
