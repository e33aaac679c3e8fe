"""Answers what happens to tickets, and mails what staff answer.

Each event is answered at most once, however often it is delivered.
"""

from __future__ import annotations

from helpdesk.core.outbox import NotWanted
from helpdesk.replies import actions
from helpdesk.replies.models import ReplyEvent
from helpdesk.tickets import queries as tickets
from helpdesk.tickets.rules import MessageAdded, MessageKind, Status, TicketOpened, TicketStatusChanged

ANSWERED_STATUSES = {Status.solved.value: ReplyEvent.solved, Status.closed.value: ReplyEvent.closed}


def answer_ticket(event: TicketOpened, event_id: str) -> None:
    """Tell the requester that the ticket has arrived."""
    actions.send_reply(ReplyEvent.received, event.ticket_id, event_id, event.declined)


def answer_message(event: MessageAdded, event_id: str) -> None:
    """Tell the requester that a further message has arrived."""
    if event.by_requester and event.kind == MessageKind.public_reply.value:
        actions.send_reply(ReplyEvent.reply_received, event.ticket_id, event_id)


def mail_answer(event: MessageAdded, event_id: str) -> None:
    """Send the requester what staff answered."""
    if not (event.by_requester or event.is_told) and event.kind == MessageKind.public_reply.value:
        actions.mail_answer(event.ticket_id, event.message_id, event_id)


def answer_status(event: TicketStatusChanged, event_id: str) -> None:
    """Tell the requester that the ticket is solved or closed, if it still is."""
    reply = ANSWERED_STATUSES.get(event.after)
    if reply is None or event.is_told:
        return
    if tickets.get_ticket_by_id(event.ticket_id).status.value not in ANSWERED_STATUSES:
        raise NotWanted("the ticket is open again")
    actions.send_reply(reply, event.ticket_id, event_id)


HANDLERS = {
    TicketOpened: (answer_ticket,),
    MessageAdded: (answer_message, mail_answer),
    TicketStatusChanged: (answer_status,),
}
