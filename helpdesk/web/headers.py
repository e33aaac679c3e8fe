"""Security and caching headers of every answer, errors included."""

from __future__ import annotations

from flask import Flask, current_app, g, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask.wrappers import Response

from helpdesk.config import Settings
from helpdesk.web.static_files import cache_control_of_static, is_static

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PERMISSIONS_POLICY = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"
ALWAYS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": PERMISSIONS_POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
ONE_YEAR = "max-age=31536000"


class Sessions(SecureCookieSessionInterface):
    """Sessions in a signed cookie, that never touch an answer which proxies may keep for everybody."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not response.cache_control.public:
            super().save_session(app, session, response)


def secure(response: Response) -> Response:
    """Add the headers that the view did not set itself (an attachment has a stricter policy, the embed an open one)."""
    for name, value in ALWAYS.items():
        response.headers.setdefault(name, value)
    settings: Settings = current_app.extensions["helpdesk"].settings
    if settings.is_production:
        response.headers.setdefault("Strict-Transport-Security", ONE_YEAR)
    if "request_id" in g:
        response.headers["X-Request-Id"] = g.request_id
    if is_static() and response.status_code in (200, 206, 304):
        response.headers["Cache-Control"] = cache_control_of_static()
    elif "Cache-Control" not in response.headers or response.status_code >= 400:
        response.headers["Cache-Control"] = "no-store"
    if "public" not in response.headers["Cache-Control"]:
        response.vary.update(("Cookie", "Authorization") if request.path.startswith("/api/") else ("Cookie",))
    return response
