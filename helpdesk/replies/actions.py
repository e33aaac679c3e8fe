"""Every write of the replies: templates and switches, each automated reply with its mail, and answers by mail."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import gettext as _

from helpdesk.accounts import queries as accounts
from helpdesk.accounts.models import User
from helpdesk.audit import actions as audit
from helpdesk.core import clock
from helpdesk.core.database import transaction
from helpdesk.core.errors import Forbidden, Invalid, Stale
from helpdesk.hooks.specs import MailReference, Viewer
from helpdesk.mail.actions import queue_mail
from helpdesk.mail.rules import is_address
from helpdesk.replies import queries, rendering, rules
from helpdesk.replies.models import CannedReply, ReplyEvent, ReplySwitch, ReplyTemplate
from helpdesk.replies.rules import Text
from helpdesk.tickets import queries as tickets
from helpdesk.tickets.actions import append_automated_reply
from helpdesk.tickets.models import Ticket


def save_template(actor: Viewer, event: ReplyEvent, locale: str, text: Text, revision: int) -> None:
    """Set the text of an event in one language. `revision` is the one that was edited.

    Raises Forbidden, NotFound (language), Invalid (subject, body) and Stale.
    """
    now = clock.now()
    with transaction() as session:
        _require_administrator(actor)
        before = queries.get_template(event, locale)
        _check(event, text)
        if before.revision != revision:
            raise Stale(
                _("Somebody else saved this text in the meantime."),
                {"revision": before.revision, "subject": before.text.subject, "body": before.text.body},
            )
        row = queries.find_row(event, locale)
        if row is None:
            row = ReplyTemplate(event=event, locale=locale, revision=0)
            session.add(row)
        row.subject, row.body = text.subject, text.body
        row.revision += 1
        row.updated_at = now
        _record(actor, "reply_template.saved", event, locale, before.text, text)


def reset_template(actor: Viewer, event: ReplyEvent, locale: str) -> None:
    """Go back to the shipped text. Raises Forbidden and NotFound (language)."""
    with transaction() as session:
        _require_administrator(actor)
        before = queries.get_template(event, locale)
        row = queries.find_row(event, locale)
        if row is not None:
            session.delete(row)
            _record(actor, "reply_template.reset", event, locale, before.text, None)


def switch_reply(actor: Viewer, event: ReplyEvent, is_on: bool) -> None:
    """Answer this event with the normal text, or not. Raises Forbidden."""
    with transaction() as session:
        _require_administrator(actor)
        was_on = queries.is_on(event)
        session.merge(ReplySwitch(event=event, is_on=is_on))
        if was_on != is_on:
            verb = "switched_on" if is_on else "switched_off"
            audit.record(actor, f"reply.{verb}", "reply", event.value)


def send_reply(event: ReplyEvent, ticket_id: int, cause_id: str, declined: tuple[str, ...] = ()) -> int | None:
    """Write the automated reply into the thread and queue its mail, both or neither. The id of the message.

    None when there is nothing to say: `cause_id` was answered before, the event is switched off and no plugin has a
    text for it, or the requester was answered a moment ago. The text is rendered now, in the requester's language.
    `declined`: keys of form notices that, its writer said, are not about the ticket.
    """
    now = clock.now()
    ticket = tickets.get_ticket_by_id(ticket_id)
    requester = accounts.get_user(ticket.requester_id)
    # Outside of the transaction: what a plugin does there must not spoil it.
    reply = rendering.render(event, ticket, requester, now, declined)
    if reply is None:
        return None
    with transaction() as session:
        ticket = tickets.get_ticket_by_id(ticket_id, lock=True)
        if event is ReplyEvent.reply_received and not _may_answer_again(ticket_id, now):
            return None
        text = reply.text
        message_id = append_automated_reply(session, ticket_id, text.subject, text.body, cause_id, reply.reason, now)
        if message_id is not None:
            _queue(ticket, requester, text, cause_id, reference=reply.mail_reference)
        return message_id


def mail_answer(ticket_id: int, message_id: int, cause_id: str) -> None:
    """Queue the mail with a public answer of staff, once for each `cause_id`, in the requester's language."""
    with transaction():
        ticket, message = tickets.get_ticket_by_id(ticket_id), tickets.get_message(message_id)
        requester = accounts.get_user(ticket.requester_id)
        if message.author_id is None or message.author_id == requester.id:
            return
        author = accounts.get_user(message.author_id)
        text = rendering.answer_text(ticket, requester, author.name, message.body_text)
        _queue(ticket, requester, text, cause_id, is_automatic=False)


def _may_answer_again(ticket_id: int, now: datetime) -> bool:
    last_at = queries.find_last_answer_at(ticket_id, now - rules.REPLY_RECEIVED_PAUSE)
    return rules.may_answer_again(last_at, now)


def _queue(
    ticket: Ticket,
    requester: User,
    text: Text,
    cause_id: str,
    *,
    is_automatic: bool = True,
    reference: MailReference | None = None,
) -> None:
    """The mail of a reply. Who has no mailbox, or is disabled, finds the text in the ticket."""
    address = requester.email or ""
    if requester.disabled_at is not None or not is_address(address):
        return
    host = urlsplit(current_app.extensions["helpdesk"].settings.public_url).hostname or "localhost"
    thread = f"<ticket-{ticket.number}@{host}>"
    queue_mail(
        address,
        text.subject,
        text.body,
        event_id=cause_id,
        headers={"References": thread, "In-Reply-To": thread},
        auto_submitted=is_automatic,
        is_automatic_reply=is_automatic,
        reference=reference,
    )


def _require_administrator(actor: Viewer) -> None:
    if not actor.is_administrator:
        raise Forbidden(_("Only administrators change automated replies."))


def _check(event: ReplyEvent, text: Text) -> None:
    errors: dict[str, str] = {}
    for name, part, limit in (("subject", text.subject, rules.SUBJECT_LIMIT), ("body", text.body, rules.BODY_LIMIT)):
        if not part.strip():
            errors[name] = _("Please write a text: nobody may be left without an answer.")
        elif len(part) > limit:
            errors[name] = _("Use at most %(count)s characters.", count=limit)
        elif unknown := rules.unknown_blanks(part, event.value):
            errors[name] = _("There is no such blank: %(names)s", names=", ".join(unknown))
    if errors:
        raise Invalid(errors)


def _record(actor: Viewer, action: str, event: ReplyEvent, locale: str, before: Text, after: Text | None) -> None:
    audit.record(
        actor,
        action,
        "reply_template",
        f"{event.value}/{locale}",
        before={"subject": before.subject, "body": before.body},
        after=None if after is None else {"subject": after.subject, "body": after.body},
    )


def save_canned(actor: Viewer, canned_id: int | None, title: str, body: str) -> int:
    """Add a canned reply (`canned_id` None) or change one; its id. Raises Forbidden, NotFound and Invalid (title)."""
    with transaction() as session:
        _require_administrator(actor)
        row = CannedReply() if canned_id is None else queries.get_canned(canned_id)
        before = None if canned_id is None else {"title": row.title, "body": row.body}
        if any(other.title.casefold() == title.casefold() and other.id != canned_id for other in queries.list_canned()):
            raise Invalid({"title": _("There is a canned reply with this title. Choose another one.")})
        row.title, row.body = title, body
        session.add(row)
        session.flush()
        action = "canned_reply.added" if canned_id is None else "canned_reply.changed"
        audit.record(actor, action, "canned_reply", row.id, before=before, after={"title": title, "body": body})
        return row.id


def delete_canned(actor: Viewer, canned_id: int) -> None:
    """Raises Forbidden and NotFound."""
    with transaction() as session:
        _require_administrator(actor)
        row = queries.get_canned(canned_id)
        audit.record(actor, "canned_reply.deleted", "canned_reply", row.id, before={"title": row.title})
        session.delete(row)
