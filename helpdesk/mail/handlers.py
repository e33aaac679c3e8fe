"""Delivers queued mail: over SMTP, or into the list under Administration where no server is set."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email.message import EmailMessage
from functools import cache

import structlog
from flask import current_app

from helpdesk.audit.actions import raise_alarm
from helpdesk.core import clock, failpoints
from helpdesk.core.outbox import GiveUp, Item, NotNow, NotWanted
from helpdesk.hooks.specs import MailReference
from helpdesk.mail import actions, messages, queries, rules
from helpdesk.mail.models import MailState, OutgoingMail
from helpdesk.mail.setup import breaker_of

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS = 10  # for each answer
MOST_SECONDS = 40  # for one mail: less than the lease of its effect leaves
BUDGET_PAUSE_SECONDS = 600
NO_REASON = "what it says is not true any more"
UNSURE = "whether what it says is true will be known later"


def deliver(item: Item) -> None:
    """Hand one mail to the server. Raises GiveUp when it was refused for good, NotNow while the server is left alone,
    and NotWanted when a plugin says that what it says does not hold any more.

    A mail whose record says that it was sent is not sent again, unless the process died between the two.
    """
    settings = messages.current_settings()
    record, now = queries.find_by_outbox_id(item.id), clock.now()
    if record is not None and record.state in (MailState.sent, MailState.kept):
        return
    _require_reason(item, record, now)
    if record is None:
        _check_budget(item)
        record = actions.keep_record(item, MailState.waiting if settings.smtp_url else MailState.kept)
    if settings.smtp_url is None:
        return
    server = rules.parse_server(settings.smtp_url)
    breaker = breaker_of(server.host)
    if seconds := breaker.seconds_closed(now):
        raise NotNow(seconds, f"{server.host} did not answer several times; it is left alone for a while")
    try:
        _send(server, messages.build(record, settings, now), _envelope_sender(record, settings.mail_from))
    except (OSError, smtplib.SMTPException) as error:
        _note_failure(record, breaker, error)
        raise
    failpoints.hit("mail_accepted")
    breaker.note_success()
    actions.note_accepted(record.id, item, clock.now())


def _require_reason(item: Item, record: OutgoingMail | None, now: datetime) -> None:
    """Raises NotWanted or NotNow for what is not true any more, or for a while: it may have waited for days."""
    reference = item.payload.get("reference")
    if not reference:
        return
    plugins = current_app.extensions["helpdesk"].plugins
    answers = plugins.collect("mail_is_wanted", reference=MailReference(*reference), now=now)
    if False in answers:
        if record is not None:
            actions.note_failure(record.id, MailState.failed, NO_REASON)
        raise NotWanted(NO_REASON)
    if waits := [answer for answer in answers if isinstance(answer, datetime) and answer > now]:
        raise NotNow((max(waits) - now).total_seconds(), UNSURE)


def _check_budget(item: Item) -> None:
    """Stops an automatic reply that answers itself for ever, and a flood. It waits: a busy hour loses nothing."""
    problem = find_budget_problem(is_automatic_reply=item.payload["is_automatic_reply"])
    if problem is not None:
        name, limit = problem
        raise_alarm(name, limit=limit)
        raise NotNow(BUDGET_PAUSE_SECONDS, f"the hourly budget is used up: {limit} {name}")


def find_budget_problem(*, is_automatic_reply: bool = True) -> tuple[str, int] | None:
    """Which budget is used up at present, if any: its name ("mails" or "replies") and how many it allows an hour."""
    settings, now = messages.current_settings(), clock.now()
    if is_automatic_reply and queries.has_sent(settings.replies_per_hour, now, automatic_replies=True):
        return "replies", settings.replies_per_hour
    return ("mails", settings.mails_per_hour) if queries.has_sent(settings.mails_per_hour, now) else None


def _envelope_sender(record: OutgoingMail, sender: str) -> str:
    return "" if record.is_automatic_reply else sender


@cache
def _trust() -> ssl.SSLContext:
    """Whose certificates count. Reading them all takes longer than everything else about a mail, so it is done once."""
    return ssl.create_default_context()


@contextmanager
def _connection(server: rules.Server) -> Iterator[smtplib.SMTP]:
    """A greeted and signed-in connection. It ends after `MOST_SECONDS`, however slowly the server answers."""
    link = (
        smtplib.SMTP_SSL(timeout=TIMEOUT_SECONDS, context=_trust())
        if server.is_tls
        else smtplib.SMTP(timeout=TIMEOUT_SECONDS)
    )
    # Whose certificate it must be; only a constructor that connects sets it.
    link._host = server.host  # type: ignore[attr-defined]
    ends = threading.Timer(MOST_SECONDS, _cut, (link,))
    ends.daemon = True
    ends.start()
    try:
        code, words = link.connect(server.host, server.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, words)
        if server.starts_tls:
            link.starttls(context=_trust())
        if server.user is not None:
            link.login(server.user, server.password or "")
        yield link
        _part(link)
    finally:
        ends.cancel()
        link.close()


def _cut(link: smtplib.SMTP) -> None:
    """Whoever waits for the server is told at once that the connection is over."""
    if link.sock is not None:
        with suppress(OSError):
            link.sock.shutdown(socket.SHUT_RDWR)


def _part(link: smtplib.SMTP) -> None:
    """Take leave. What the server says to that changes nothing about a mail that it has accepted."""
    with suppress(OSError, smtplib.SMTPException):
        link.quit()


def _send(server: rules.Server, message: EmailMessage, sender: str) -> None:
    with _connection(server) as link:
        link.send_message(message, from_addr=sender, to_addrs=[message["To"].addresses[0].addr_spec])


def _note_failure(record: OutgoingMail, breaker: rules.Breaker, error: Exception) -> None:
    """Write the failure down. Raises GiveUp when the server said that it refuses this mail for good."""
    code, text = answer_of(error)
    if code and rules.is_final(code):
        breaker.note_success()  # it answers
        actions.note_failure(record.id, MailState.failed, text)
        raise GiveUp(text) from error
    if code is None or not 450 <= code <= 452:  # those three speak about one mailbox, not about the server
        breaker.note_failure(clock.now())
    actions.note_failure(record.id, MailState.waiting, text)


def answer_of(error: Exception) -> tuple[int | None, str]:
    """The server's code, if it answered, and its words."""
    words: bytes | str
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, words = error.smtp_code, error.smtp_error
    else:
        return None, f"{type(error).__name__}: {error}"
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    return int(code), f"{code} {text}"


def probe() -> None:
    """Say hello to the mail server without sending anything. Raises OSError or SMTPException; nothing without one."""
    settings = messages.current_settings()
    if settings.smtp_url is None:
        return
    server = rules.parse_server(settings.smtp_url)
    with _connection(server) as link:
        link.noop()


DELIVERERS = {actions.CHANNEL: deliver}
