"""Every write of the mail room: queueing inside other actions' transactions, and the record of what went out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.dialects import postgresql, sqlite

from helpdesk.audit import actions as audit
from helpdesk.core import clock, outbox
from helpdesk.core.database import is_postgresql, transaction
from helpdesk.core.errors import Conflict, Forbidden, Invalid
from helpdesk.core.outbox import Item
from helpdesk.hooks.specs import Viewer
from helpdesk.mail import messages, queries, rules
from helpdesk.mail.models import MailState, OutgoingMail

CHANNEL = "mail"


def queue_mail(
    to: str,
    subject: str,
    text: str,
    *,
    event_id: str,
    headers: Mapping[str, str] | None = None,
    html: str | None = None,
    auto_submitted: bool = True,
    is_automatic_reply: bool = False,
) -> str | None:
    """Queue one mail to one person in the running transaction; it goes out after the commit.

    The id of the effect, or None when this event has queued a mail to this address before. An automatic reply
    (RFC 3834) has no return address on the envelope. Raises Invalid for an address that is not a plain mailbox and
    ValueError for a subject or header that could break out of its line.
    """
    address = to.strip().lower()
    if not rules.is_address(address):
        raise Invalid({"email": _("This is not a mail address: %(address)s", address=to)})
    given = dict(headers or {})
    if not all(map(rules.is_one_line, (subject, *given.values()))):
        raise ValueError("a header must be one line")
    if unknown := given.keys() - rules.ALLOWED_HEADERS:
        raise ValueError(f"these headers are not for others to set: {sorted(unknown)}")
    payload = {
        "subject": subject[: rules.LONGEST_SUBJECT],
        "text": text,
        "html": html,
        "headers": given
        | messages.automatic_headers(is_automatic_reply=is_automatic_reply, auto_submitted=auto_submitted),
        "is_automatic_reply": is_automatic_reply,
    }
    return outbox.send(CHANNEL, address, payload, event_id=event_id)


def keep_record(item: Item, state: MailState) -> OutgoingMail:
    """The record of a leased mail, written on the first attempt in `state`."""
    now = clock.now()
    settings = messages.current_settings()
    insert = postgresql.insert if is_postgresql() else sqlite.insert
    with transaction() as session:
        session.execute(
            insert(OutgoingMail)
            .values(
                outbox_id=item.id,
                recipient=item.recipient,
                subject=item.payload["subject"],
                text=item.payload["text"],
                html=item.payload["html"] or messages.to_html(item.payload["text"]),
                headers=item.payload["headers"],
                is_automatic_reply=item.payload["is_automatic_reply"],
                message_id=messages.message_id(item.id, settings),
                state=state,
                created_at=now,
            )
            .on_conflict_do_nothing(index_elements=["outbox_id"])
        )
        mail = queries.find_by_outbox_id(item.id)
    if mail is None:
        raise RuntimeError("the record of a mail vanished")
    return mail


def note_outcome(mail_id: int, state: MailState, now: datetime, error: str | None = None) -> None:
    """Write down how an attempt ended."""
    with transaction() as session:
        mail = session.get_one(OutgoingMail, mail_id)
        mail.state = state
        mail.error = error
        if state is MailState.sent:
            mail.sent_at = now


def retry_mail(actor: Viewer, mail_id: int) -> None:
    """Try a failed mail again. Raises NotFound, Forbidden, or Conflict when it has not failed."""
    now = clock.now()
    with transaction():
        if not actor.is_administrator:
            raise Forbidden(_("Only administrators send mail again."))
        mail = queries.get_mail(mail_id)
        if mail.state is not MailState.failed or not outbox.retry(mail.outbox_id, now):
            raise Conflict(_("This mail has not failed, or it is being tried again already."))
        mail.state = MailState.waiting
        audit.record(actor, "mail.retried", "mail", mail.id, after={"recipient": mail.recipient})
