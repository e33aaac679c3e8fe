"""Puts the web room into the application: settings of Flask, request hooks, languages, template globals."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from helpdesk.config import Settings
from helpdesk.web.locale import init_babel
from helpdesk.web.pages import init_pages


def init_app(app: Flask) -> None:
    settings: Settings = app.extensions["helpdesk"].settings
    app.config.update(SECRET_KEY=settings.secret_key, WTF_CSRF_TIME_LIMIT=None)
    init_babel(app)
    init_pages(app)


def apply_proxy_fix(app: Flask) -> None:
    """Believe the configured number of proxies about address, scheme and host.

    To be called after Socket.IO has wrapped the application, so that sockets see the same.
    """
    hops = app.extensions["helpdesk"].settings.trusted_proxies
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
