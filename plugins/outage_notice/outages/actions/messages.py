"""What one ticket or follower of a broadcast is told, in the transaction that has claimed it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from helpdesk.plugin_api import (
    Ticket,
    TicketChange,
    TicketStatus,
    User,
    Viewer,
    append_automated_reply,
    append_reply,
    change_ticket_inside,
    is_mail_address,
    language_for,
    page_address,
    queue_mail,
    ticket_facts,
)
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries.live import freeze
from plugins.outage_notice.announcements.queries.replies import ticket_reply
from plugins.outage_notice.announcements.rules import (
    Phase,
    Status,
    can_end,
    effective_status,
    expected_end,
    phase,
)
from plugins.outage_notice.announcements.rules.telling import mail_reference
from plugins.outage_notice.outages import rules, wording
from plugins.outage_notice.outages.actions.correcting import remember_told
from plugins.outage_notice.outages.actions.linking import unlink_inside
from plugins.outage_notice.outages.models import Broadcast, BroadcastItem, TicketLink, ToldEta
from plugins.outage_notice.outages.rules import How, Result
from plugins.outage_notice.outages.wording import Letter


@dataclass(frozen=True, slots=True)
class Case:
    """One claimed item with all that belongs to it."""

    item: BroadcastItem
    broadcast: Broadcast
    record: Announcement
    link: TicketLink | None
    ticket: Ticket | None
    person: User
    author: Viewer | None  # of the broadcast, unless disabled since
    requester: Viewer | None  # the person as plugins see people, unless disabled
    is_concerned: bool  # who has moved is told nothing of it any more
    told: set[tuple[int, int]]  # broadcasts and the people they have reached, by any of their tickets

    @property
    def cause(self) -> str:
        return f"outage-broadcast-{self.broadcast.id}-ticket-{self.item.ticket_id}"

    @property
    def was_told(self) -> bool:
        return (self.broadcast.id, self.person.id) in self.told

    @property
    def reason(self) -> dict[str, object]:
        """What is kept with an automated reply."""
        id = self.record.id
        return {"announcement_ids": [id], "label": f"OUT-{id}", "url": f"/announcements/{id}"}


def reply(session: Session, case: Case, at: datetime) -> Result:
    """What an agent wrote to all who wait."""
    ticket, link, author = case.ticket, case.link, case.author
    if ticket is None or link is None or author is None:  # the agent left: nobody signs this
        return Result.not_wanted
    result = _reply_result(case, ticket, link)
    if result in (Result.told, Result.told_elsewhere):
        link.caught_up_at = at
    if result is Result.told:
        text = wording.text_for(case.broadcast, case.person)
        append_reply(session, author, ticket.id, text, case.cause, at)
        _tell(case, wording.reply_letter(ticket, case.person, text), at)
    return result


def _reply_result(case: Case, ticket: Ticket, link: TicketLink) -> Result:
    return rules.reply_result(
        is_linked=link.unlinked_at is None and link.ended_at is None and link.how is not How.suggested,
        is_open=ticket.status in rules.OPEN,
        is_concerned=case.is_concerned,
        has_written=rules.wrote_since(ticket.last_requester_message_at, link.caught_up_at),
        waits=rules.waits(ticket.status, ticket.waiting_on),
        was_told=case.was_told,
    )


def answer(session: Session, case: Case, at: datetime) -> Result:
    """The automated reply of the outage, for a ticket that came before it was declared."""
    ticket, link, record, requester = case.ticket, case.link, case.record, case.requester
    if ticket is None or link is None or requester is None or phase(record, at) is not Phase.active:
        return Result.not_wanted
    result = _reply_result(case, ticket, link)
    if result is not Result.told:
        return result
    locale = language_for(case.person.locale)
    text = ticket_reply(freeze([record])[0], ticket_facts([ticket.id])[0], requester, locale, at)
    if text is None:
        return Result.not_wanted
    subject = " ".join((text.subject or "").split())
    append_automated_reply(session, ticket.id, subject, text.body, case.cause, dict(text.reason) | case.reason, at)
    _tell(case, wording.answer_letter(ticket, case.person, subject, text.body), at)
    return result


def correct(session: Session, case: Case, at: datetime) -> Result:
    """The present estimate for somebody who was told another one, and whom the outage still concerns."""
    ticket, record = case.ticket, case.record
    if ticket is None or not can_end(record, at):
        return Result.not_wanted
    if not case.is_concerned:
        return Result.unconcerned
    if ticket.status not in rules.OPEN:
        return Result.not_open
    key = (record.id, ticket.id)
    told = session.get(ToldEta, key, with_for_update=True, populate_existing=True)
    eta = expected_end(record, at)
    if told is None or told.eta is None or told.eta == eta:
        return Result.not_wanted
    former, told.eta, told.told_at = told.eta, eta, at
    if case.was_told:
        return Result.told_elsewhere
    letter = wording.correction_letter(record, case.person, ticket, former, at)
    reason = case.reason | {"eta": eta.isoformat() if eta else None}
    append_automated_reply(session, ticket.id, letter.subject, letter.text, case.cause, reason, at)
    _tell(case, letter, at)
    return Result.told


def close(session: Session, case: Case, ticket: Ticket, at: datetime) -> Result:
    """That it is over, and what becomes of this ticket."""
    link = case.link
    if link is None or not rules.is_over_for_tickets(phase(case.record, at), bool(case.record.recurrence)):
        return Result.not_wanted
    if not case.is_concerned:
        unlink_inside(session, None, ticket, link, at)
        return Result.unconcerned
    was_real = _was_real(case, at)
    status = rules.status_after_end(
        ticket.status,
        ticket.waiting_on,
        has_written=rules.wrote_since(ticket.last_requester_message_at, link.caught_up_at),
        was_real=was_real,
        action=case.record.ticket_action,
    )
    letter = wording.closing_letter(case.record, case.person, ticket, status, at, was_real=was_real)
    append_automated_reply(session, ticket.id, letter.subject, letter.text, case.cause, case.reason, at)
    if not case.was_told:  # each ticket says how it ended, one mail says it all
        _tell(case, letter, at)
    if status is not ticket.status:
        change_ticket_inside(session, ticket.id, TicketChange(status=status), at, is_told=True)
    link.ended_as = status.value
    return Result.solved if status is TicketStatus.solved else Result.left_open


def _was_real(case: Case, at: datetime) -> bool:
    """Whether it was not called off; also of what is over for this time only."""
    return effective_status(case.record, at) not in (Status.cancelled, Status.withdrawn)


def tell_follower(case: Case, at: datetime) -> Result:
    """That it is over, for somebody without a ticket."""
    if not rules.is_over_for_tickets(phase(case.record, at), bool(case.record.recurrence)):
        return Result.not_wanted
    if not case.is_concerned:
        return Result.unconcerned
    if case.was_told:
        return Result.told_elsewhere
    _tell(case, wording.closing_letter(case.record, case.person, None, None, at, was_real=_was_real(case, at)), at)
    return Result.told


def say_it_is_back(session: Session, case: Case, at: datetime) -> Result:
    """That it is not over after all, in every thread that says that it is, and by one mail."""
    if phase(case.record, at) is not Phase.active:
        return Result.not_wanted
    if not case.is_concerned:
        return Result.unconcerned
    ticket, is_new = case.ticket, not case.was_told
    letter = wording.reopening_letter(case.record, case.person, ticket, at)
    if ticket is not None:
        remember_told(session, case.record.id, ticket, expected_end(case.record, at), at)
        append_automated_reply(session, ticket.id, letter.subject, letter.text, case.cause, case.reason, at)
    if is_new:
        _tell(case, letter, at)
    return Result.told if is_new or ticket is not None else Result.told_elsewhere


def _tell(case: Case, letter: Letter, at: datetime) -> None:
    """Queue the mail and note that this person is told: who has no mailbox finds the words in the ticket."""
    address = case.person.email or ""
    if case.person.disabled_at is None and is_mail_address(address):
        event_id, about = f"outage-broadcast-{case.broadcast.id}", mail_reference(case.record.id, case.person.id)
        queue_mail(
            address, letter.subject, letter.mail_text, event_id=event_id, headers=_thread(case.ticket), reference=about
        )
    case.item.told_at = at
    case.told.add((case.broadcast.id, case.person.id))


def _thread(ticket: Ticket | None) -> dict[str, str]:
    """The headers by which mail programs show it with what was written about this ticket before."""
    if ticket is None:
        return {}
    host = urlsplit(page_address("/")).hostname or "localhost"
    thread = f"<ticket-{ticket.number}@{host}>"
    return {"References": thread, "In-Reply-To": thread}
