"""Makes the mail that goes out: typed headers only, text with a plain HTML form of it."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import urlsplit

from flask import current_app
from markupsafe import Markup, escape

from helpdesk.config import Settings
from helpdesk.mail.models import OutgoingMail

_LINK = re.compile(r"https?://[^\s<>\"']+")
INSTANCE_HEADER = "X-Helpdesk-Instance"


def current_settings() -> Settings:
    """The settings of the running application."""
    settings: Settings = current_app.extensions["helpdesk"].settings
    return settings


def instance_id(settings: Settings) -> str:
    """Names this installation without saying anything about it: mail that carries it is our own."""
    return hashlib.sha256(f"instance:{settings.secret_key}:{settings.public_url}".encode()).hexdigest()[:16]


def message_id(outbox_id: str, settings: Settings) -> str:
    """The same for every attempt of one effect, so that a repetition is known as one."""
    return f"<{outbox_id}@{urlsplit(settings.public_url).hostname or 'localhost'}>"


def automatic_headers(*, is_automatic_reply: bool, auto_submitted: bool) -> dict[str, str]:
    """What tells other machines not to answer (RFC 3834)."""
    if is_automatic_reply:
        return {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"}
    return {"Auto-Submitted": "auto-generated"} if auto_submitted else {}


def to_html(text: str) -> str:
    """A plain HTML page of a text: paragraphs, line breaks, and addresses that can be followed."""
    paragraphs = [_linked(part) for part in re.split(r"\n{2,}", text.strip())]
    # Not render_template: a mail has no request, and nothing of a page belongs into it.
    template = current_app.jinja_env.get_template("mail/message.html")
    return template.render(paragraphs=paragraphs, desk_name=current_settings().name)


def _linked(text: str) -> Markup:
    parts, end = [], 0
    for match in _LINK.finditer(text):
        url = match[0].rstrip(".,;:!?)")
        parts.append(escape(text[end : match.start()]))
        parts.append(Markup('<a href="{0}">{0}</a>').format(url))
        end = match.start() + len(url)
    parts.append(escape(text[end:]))
    return Markup("<br>\n").join(Markup("").join(parts).split("\n"))


def build(mail: OutgoingMail, settings: Settings, now: datetime) -> EmailMessage:
    """The message for the wire. Raises ValueError for a header that could not stand in one line."""
    from email.headerregistry import Address  # a large parser of headers, needed with the first mail
    from email.policy import SMTP

    message = EmailMessage(policy=SMTP)
    message["From"] = Address(display_name=settings.name, addr_spec=settings.mail_from)
    message["To"] = Address(addr_spec=mail.recipient)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = mail.message_id
    message[INSTANCE_HEADER] = instance_id(settings)
    for name, value in mail.headers.items():
        message[name] = str(value)
    message.set_content(mail.text)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    return message
