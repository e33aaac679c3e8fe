"""Turns every failure into a page or, for programs, a problem document (RFC 9457). Never shows an exception's text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

import structlog
from apiflask.exceptions import HTTPError as ApiError
from flask import Flask, current_app, g, redirect, render_template, request
from flask.wrappers import Response
from flask_babel import gettext as _
from flask_limiter import RateLimitExceeded
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.wrappers import Response as AnyResponse

from helpdesk.core.database import is_away
from helpdesk.core.errors import Busy, HelpdeskError, Invalid, Stale, TooMany, TooSlow
from helpdesk.web.access import NotSignedIn
from helpdesk.web.limits import seconds_until_free
from helpdesk.web.redirects import safe_next
from helpdesk.web.validation import fields_of

log = structlog.get_logger(__name__)
SIGN_IN = "/sign-in"


@dataclass(frozen=True, slots=True)
class Failure:
    """What is told about a failure. `message` is translated; `extra` are further members of the problem document."""

    status: int
    code: str = ""
    message: str = ""
    fields: Mapping[str, list[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)


def init_errors(app: Flask) -> None:
    app.register_error_handler(HelpdeskError, _on_helpdesk_error)
    app.register_error_handler(ApiError, _on_api_error)
    app.register_error_handler(HTTPException, _on_http_exception)
    for kind in (OperationalError, InterfaceError, InternalError, NoFreeConnection):
        app.register_error_handler(kind, _on_database_failure)


def wants_json() -> bool:
    """Whether a program asks: the API, or a script of our pages."""
    if request.path.startswith("/api/"):
        return True
    accepted = request.accept_mimetypes
    return accepted["application/json"] > accepted["text/html"]


def _on_helpdesk_error(error: HelpdeskError) -> AnyResponse:
    if isinstance(error, NotSignedIn):
        return _ask_to_sign_in(error)
    headers: dict[str, str] = {}
    extra: dict[str, Any] = {}
    fields: dict[str, list[str]] = {}
    if isinstance(error, TooMany | Busy):
        headers["Retry-After"] = str(error.retry_after_seconds)
    if isinstance(error, Stale) and error.current:
        extra["current"] = error.current
    if isinstance(error, Invalid):
        fields = {name: [str(message) for message in messages] for name, messages in error.fields.items()}
    message = _too_slow(error) if isinstance(error, TooSlow) else str(error.message or "")
    return answer(Failure(error.status, error.code, message, fields, headers, extra))


def _too_slow(error: TooSlow) -> str:
    text: str = _(
        "This took longer than %(seconds)s seconds and was stopped. Search for more or longer words, or filter first.",
        seconds=f"{error.seconds:g}",
    )
    return text


def _ask_to_sign_in(error: NotSignedIn) -> AnyResponse:
    if wants_json():
        return answer(Failure(401, error.code, str(error.message), headers={"WWW-Authenticate": "Bearer"}))
    if request.method in ("GET", "HEAD"):
        back = request.full_path.removesuffix("?")
    else:  # back to the page with the form: its draft is kept by the browser
        referrer = urlsplit(request.referrer or "")
        back = referrer.path if referrer.netloc == request.host else "/"
    back = safe_next(back)
    return redirect(SIGN_IN + ("" if back == "/" else "?" + urlencode({"next": back})))


def _on_api_error(error: ApiError) -> AnyResponse:
    fields = fields_of(error)
    return answer(Failure(error.status_code, "invalid" if fields else "", fields=fields))


def _on_http_exception(error: HTTPException) -> AnyResponse:
    if error.response is not None or (error.code or 500) < HTTPStatus.BAD_REQUEST:  # a redirect of the router
        return error.get_response()
    if isinstance(error, SecurityError):  # a foreign host name: no page can be made, as it would contain addresses
        return current_app.response_class("Bad request", 400, mimetype="text/plain")
    headers = {name: value for name, value in error.get_headers() if name.lower() in ("allow", "retry-after")}
    if isinstance(error, RateLimitExceeded):
        headers["Retry-After"] = str(seconds_until_free())
    return answer(Failure(error.code or 500, headers=headers))


def _on_database_failure(error: Exception) -> AnyResponse:
    """The database is away or busy: 503. A wrong statement is a mistake of ours, and handled like any other."""
    if any(words in str(getattr(error, "orig", "")) for words in ("no such", "syntax error", "has no column")):
        raise error
    if isinstance(error, InternalError) and not is_away(error):
        raise error
    log.exception("database unavailable")
    return answer(Failure(503, Busy.code, headers={"Retry-After": str(Busy.retry_after_seconds)}))


def answer(failure: Failure) -> Response:
    """The page or problem document for a failure."""
    response = _problem(failure) if wants_json() else _page(failure)
    response.headers.update(failure.headers)
    return response


def _problem(failure: Failure) -> Response:
    code = failure.code or HTTPStatus(failure.status).name.lower()
    document = {
        "type": f"/api/v1/docs#error-{code}",
        "title": HTTPStatus(failure.status).phrase,
        "status": failure.status,
        "detail": failure.message or _detail(failure.status),
        "code": code,
        **({"errors": failure.fields} if failure.fields else {}),
        **({"request_id": g.get("request_id")} if failure.status >= HTTPStatus.INTERNAL_SERVER_ERROR else {}),
        **failure.extra,
    }
    return current_app.response_class(
        current_app.json.dumps(document), failure.status, mimetype="application/problem+json"
    )


def _detail(status: int) -> str:
    details = {
        400: _("The request could not be read."),
        404: _("There is nothing here, or you may not see it."),
        405: _("This address cannot be used in that way."),
        413: _("This is larger than we can take."),
        415: _("Send JSON with the content type application/json."),
        422: _("Some of this cannot be saved."),
        429: _("There were many requests from you in a short time. Wait, then try again."),
        500: _("The fault has been recorded. Try again."),
        503: _("We are not available right now. Try again in a moment."),
    }
    return str(details.get(status, details[500 if status >= HTTPStatus.INTERNAL_SERVER_ERROR else 400]))


def _page(failure: Failure) -> Response:
    reference = g.get("request_id") if failure.status >= HTTPStatus.INTERNAL_SERVER_ERROR else None
    try:
        html = render_template("errors/error.html", status=failure.status, what=failure.message, reference=reference)
    except Exception:  # the page needs plugins and perhaps the database, which may be what failed
        log.exception("the error page failed")
        text = f"{failure.status} {HTTPStatus(failure.status).phrase}\n{reference or ''}"
        return current_app.response_class(text, failure.status, mimetype="text/plain")
    return current_app.response_class(html, failure.status)
