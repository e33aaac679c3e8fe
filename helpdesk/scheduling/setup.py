"""What the scheduling room puts into the application: the pause of the outbox as something to be told."""

from __future__ import annotations

from flask import Flask

from helpdesk.scheduling import queries


def init_app(app: Flask) -> None:
    app.extensions["helpdesk"].degraded["outbox"] = queries.find_outbox_pause
