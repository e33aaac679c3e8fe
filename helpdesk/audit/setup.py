"""Puts the audit room into the application."""

from __future__ import annotations

from flask import Flask

from helpdesk.audit.actions import write_waiting_alarms


def init_app(app: Flask) -> None:
    app.teardown_appcontext(write_waiting_alarms)
