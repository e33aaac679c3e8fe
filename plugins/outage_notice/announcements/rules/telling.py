"""How the mail server's word that it took a mail comes back to the announcement that the mail was about."""

from __future__ import annotations

from helpdesk.plugin_api import MailReference

TOPIC = "outage_notice.told"


def mail_reference(announcement_id: int, user_id: int, mailing_id: int | None = None) -> MailReference:
    """What goes with every mail that tells a person of an announcement: accepted, it counts as delivered to them.

    `mailing_id`: of those that are looked at again just before they go out.
    """
    key = f"{announcement_id}:{user_id}"
    return MailReference(TOPIC, key if mailing_id is None else f"{key}:{mailing_id}")


def read_key(key: str) -> tuple[int, int]:
    """The announcement and the person of such a mail."""
    announcement_id, user_id, *_mailing = key.split(":")
    return int(announcement_id), int(user_id)


def read_mailing(reference: MailReference) -> tuple[int, int] | None:
    """The mailing and the person of a mail that is looked at again; None for any other."""
    ids = reference.key.split(":") if reference.topic == TOPIC else []
    return (int(ids[2]), int(ids[1])) if len(ids) == 3 else None
