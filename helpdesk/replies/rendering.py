"""Renders one automated reply at the moment when it is sent: the normal text, or what a plugin puts in its place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog
from flask import current_app
from flask_babel import force_locale, gettext

from helpdesk.accounts.models import User
from helpdesk.catalog.models import Service
from helpdesk.config import Settings
from helpdesk.core.database import db
from helpdesk.hooks.specs import MailReference, ReplyText, TicketFacts
from helpdesk.replies import queries, rules, shipped
from helpdesk.replies.models import ReplyEvent
from helpdesk.replies.rules import Text
from helpdesk.tickets import queries as tickets
from helpdesk.tickets.models import Ticket
from helpdesk.web.letters import language_for, page_address
from helpdesk.web.markdown import to_text

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text for one requester, why it reads so (kept with the message), and what its mail is about."""

    text: Text
    reason: dict[str, Any]
    mail_reference: MailReference | None = None


def render(
    event: ReplyEvent, ticket: Ticket, requester: User, now: datetime, declined: tuple[str, ...] = ()
) -> Rendered | None:
    """The reply for this requester, or None when it is switched off. `declined` is handed on to plugins."""
    language = language_for(requester.locale)
    template = queries.get_template(event, language)
    normal = rules.fill(template.text, blanks_of(ticket, requester, language))
    if not normal.subject or not normal.body.strip():  # never nothing, whatever the template holds
        normal = rules.fill(shipped.TEXTS[language][event], blanks_of(ticket, requester, language))
    instead = _ask_plugins(event, replace(tickets.ticket_facts([ticket.id])[0], declined=declined), language, now)
    if instead is not None:
        subject = " ".join((instead.subject or "").split()) or normal.subject
        return Rendered(Text(subject, instead.body), {"event": event.value, **instead.reason}, instead.mail_reference)
    return Rendered(normal, {"event": event.value}) if queries.is_on(event) else None


def answer_text(ticket: Ticket, requester: User, author: str, body: str) -> Text:
    """The mail with an answer of staff: who answers, what they wrote, and where the ticket is."""
    with force_locale(language_for(requester.locale)):
        subject = gettext("[#%(number)s] Re: %(subject)s", number=ticket.number, subject=ticket.subject)
        opening = gettext("%(name)s answered:", name=author)
        end = gettext("Your ticket: %(url)s", url=page_address(f"/tickets/{ticket.number}"))
    return Text(" ".join(str(subject).split()), f"{opening}\n\n{to_text(body)}\n\n{end}")


def _ask_plugins(event: ReplyEvent, facts: TicketFacts, language: str, now: datetime) -> ReplyText | None:
    """The first plugin that has a text. One that raises, or gives no text, is left out."""
    plugins = current_app.extensions["helpdesk"].plugins
    answers = plugins.collect("automated_reply", ticket=facts, event=event.value, locale=language, now=now)
    for answer in answers:
        if isinstance(answer, ReplyText) and answer.body.strip():
            return answer
        if answer is not None:
            log.error("a plugin gave no text for an automated reply", event_name=event.value)
    return None


def blanks_of(ticket: Ticket, requester: User, language: str) -> dict[str, str]:
    """What stands for each blank."""
    service = db.session.get(Service, ticket.service_id) if ticket.service_id is not None else None
    return _values(
        requester_name=requester.name,
        ticket_number=str(ticket.number),
        ticket_subject=ticket.subject,
        service_name=service.name if service else shipped.NO_SERVICE[language],
        status=shipped.STATUSES[language][ticket.status.value],
    )


def sample_blanks(event: ReplyEvent, language: str, name: str) -> dict[str, str]:
    """Blanks of a ticket that does not exist, for the preview. `name` is that of the person who looks."""
    status = event.value if event in (ReplyEvent.solved, ReplyEvent.closed) else "open"
    return _values(
        requester_name=name,
        ticket_number="1042",
        ticket_subject={"en": "Cannot print", "es": "No puedo imprimir", "pt": "Não consigo imprimir"}[language],
        service_name={"en": "Printing", "es": "Impresión", "pt": "Impressão"}[language],
        status=shipped.STATUSES[language][status],
    )


def _values(*, ticket_number: str, **values: str) -> dict[str, str]:
    settings: Settings = current_app.extensions["helpdesk"].settings
    return {
        **values,
        "ticket_number": ticket_number,
        "ticket_url": page_address(f"/tickets/{ticket_number}"),
        "desk_name": settings.name,
    }
