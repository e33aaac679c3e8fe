"""How the mail server's word that it took a mail comes back to the announcement that the mail was about."""

from __future__ import annotations

from helpdesk.plugin_api import MailReference

TOPIC = "outage_notice.told"


def mail_reference(announcement_id: int, user_id: int) -> MailReference:
    """What goes with every mail that tells a person of an announcement: accepted, it counts as delivered to them."""
    return MailReference(TOPIC, f"{announcement_id}:{user_id}")


def read_key(key: str) -> tuple[int, int]:
    """The announcement and the person of such a mail."""
    announcement_id, user_id = key.split(":")
    return int(announcement_id), int(user_id)
