"""Every write of the mail room: queueing inside other actions' transactions, and the record of what went out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete, select

from helpdesk.audit import actions as audit
from helpdesk.core import clock, outbox
from helpdesk.core.database import insert_into, is_postgresql, require_transaction, transaction
from helpdesk.core.errors import Conflict, Forbidden, Invalid
from helpdesk.core.outbox import Item
from helpdesk.hooks.specs import MailReference, Viewer
from helpdesk.mail import messages, queries, rules
from helpdesk.mail.models import AcceptedMail, MailState, OutgoingMail

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
    reference: MailReference | None = None,
) -> str | None:
    """Queue one mail to one person in the running transaction; it goes out after the commit.

    The id of the effect, or None when this event has queued a mail to this address before. An automatic reply
    (RFC 3834) has no return address on the envelope. With a `reference`, that the mail server accepted it is kept for
    `take_accepted`. Raises Invalid for an address that is not a plain mailbox and ValueError for a subject or header
    that could break out of its line.
    """
    address = to.strip().lower()
    if not rules.is_address(address):
        raise Invalid({"email": _("This is not a mail address: %(address)s", address=to)})
    given = dict(headers or {})
    if not all(map(rules.is_one_line, (subject, *given.values()))):
        raise ValueError("a header must be one line")
    if unknown := given.keys() - rules.ALLOWED_HEADERS:
        raise ValueError(f"these headers are not for others to set: {sorted(unknown)}")
    payload: dict[str, Any] = {
        "subject": subject[: rules.LONGEST_SUBJECT],
        "text": text,
        "html": html,
        "headers": given
        | messages.automatic_headers(is_automatic_reply=is_automatic_reply, auto_submitted=auto_submitted),
        "is_automatic_reply": is_automatic_reply,
    }
    if reference is not None:
        payload["reference"] = [reference.topic, reference.key]
    return outbox.send(CHANNEL, address, payload, event_id=event_id)


def keep_record(item: Item, state: MailState) -> OutgoingMail:
    """The record of a leased mail, written on the first attempt in `state`."""
    now = clock.now()
    settings = messages.current_settings()
    with transaction() as session:
        session.execute(
            insert_into(OutgoingMail)
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


def note_failure(mail_id: int, state: MailState, error: str) -> None:
    """Write down how an attempt ended that did not bring it out."""
    with transaction() as session:
        mail = session.get_one(OutgoingMail, mail_id)
        mail.state = state
        mail.error = error


def note_accepted(mail_id: int, item: Item, now: datetime) -> None:
    """Write down that the mail server took this mail, once, and keep that for whoever gave it a reference."""
    with transaction() as session:
        mail = session.get_one(OutgoingMail, mail_id, with_for_update=True, populate_existing=True)
        if mail.state is not MailState.sent and item.payload.get("reference"):
            topic, key = item.payload["reference"]
            session.add(AcceptedMail(topic=topic, key=key, accepted_at=now))
        mail.state, mail.error, mail.sent_at = MailState.sent, None, now


def take_accepted(topic: str, limit: int) -> list[tuple[str, datetime]]:
    """Which references of this topic the mail server has accepted since, and when: (key, accepted_at), oldest first.

    Needs a transaction: what it gives is forgotten with the commit, so each is given once. Two who ask at the same
    moment are given different ones.
    """
    session = require_transaction()
    oldest = select(AcceptedMail.id).where(AcceptedMail.topic == topic).order_by(AcceptedMail.id).limit(limit)
    rows = session.execute(
        delete(AcceptedMail)
        .where(AcceptedMail.id.in_(oldest.with_for_update(skip_locked=True) if is_postgresql() else oldest))
        .returning(AcceptedMail.id, AcceptedMail.key, AcceptedMail.accepted_at)
        .execution_options(synchronize_session=False)
    ).all()
    return [(row.key, row.accepted_at) for row in sorted(rows, key=lambda row: row.id)]


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
