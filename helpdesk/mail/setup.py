"""What the mail room keeps in the running application: the breakers of its servers, and its alarm."""

from __future__ import annotations

from flask import Flask, current_app

from helpdesk.mail.rules import Breaker

KEY = "helpdesk.mail"


def init_app(app: Flask) -> None:
    app.extensions[KEY] = {}


def breaker_of(host: str) -> Breaker:
    """The breaker of one server, the same for all mails of this process."""
    breakers: dict[str, Breaker] = current_app.extensions[KEY]
    return breakers.setdefault(host, Breaker())
