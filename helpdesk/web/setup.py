"""Puts the web room into the application: settings of Flask, request hooks, languages, template globals."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from helpdesk.config import Settings
from helpdesk.core.addresses import plain_address
from helpdesk.web.errors import init_errors
from helpdesk.web.headers import Sessions, secure
from helpdesk.web.locale import init_babel
from helpdesk.web.openapi import init_openapi
from helpdesk.web.pages import init_pages
from helpdesk.web.requests import LARGEST_REQUEST, LARGEST_TEXT, MOST_PARTS, init_requests
from helpdesk.web.static_files import add_version

# Monitoring on the same machine asks by these names.
LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")


def init_app(app: Flask) -> None:
    settings: Settings = app.extensions["helpdesk"].settings
    _configure(app, settings)
    app.session_interface = Sessions()
    app.after_request(secure)  # the first to register is the last to run
    init_requests(app)
    init_errors(app)
    init_babel(app)
    init_pages(app)
    init_openapi(app)
    app.url_defaults(add_version)


def _configure(app: Flask, settings: Settings) -> None:
    is_https = settings.public_url.startswith("https://")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        MAX_FORM_MEMORY_SIZE=LARGEST_TEXT,
        MAX_FORM_PARTS=MOST_PARTS,
        # __Host- binds the cookie to this very host, but browsers accept it over https only.
        SESSION_COOKIE_NAME="__Host-helpdesk" if is_https else "helpdesk",
        SESSION_COOKIE_SECURE=is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        TRUSTED_HOSTS=[urlsplit(settings.public_url).hostname, *LOCAL_NAMES] if settings.is_production else None,
        WTF_CSRF_ENABLED=True,
        WTF_CSRF_TIME_LIMIT=None,  # the token lives as long as the session
        RATELIMIT_ENABLED=True,
    )


_LAST_DOT = re.compile(r"\.(?=(:\d+)?$)")


class PlainNames:
    """Writes host and origin as our own are written: in lower case, without the dot that may end a whole name. The
    client's address is plain; for what a proxy names but is none, that of the proxy stands.
    """

    def __init__(self, application: Any) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        for name in ("HTTP_HOST", "HTTP_ORIGIN"):
            if name in environ:
                environ[name] = _LAST_DOT.sub("", environ[name].lower())
        address: str = environ.get("REMOTE_ADDR") or ""
        peer: str = environ.get("werkzeug.proxy_fix.orig", {}).get("REMOTE_ADDR") or ""
        environ["REMOTE_ADDR"] = plain_address(address) or plain_address(peer)
        return self._application(environ, start_response)


def apply_proxy_fix(app: Flask) -> None:
    """Believe the configured number of proxies about address, scheme and host.

    To be called after Socket.IO has wrapped the application, so that sockets see the same.
    """
    app.wsgi_app = PlainNames(app.wsgi_app)  # type: ignore[method-assign]
    hops = app.extensions["helpdesk"].settings.trusted_proxies
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
