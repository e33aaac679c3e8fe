"""What happens to every request before its view: an id, limits of size and shape, and a look at odd characters."""

from __future__ import annotations

import re
import time
import uuid
from typing import Any

import structlog
from flask import Flask, current_app, g, request
from flask.json.provider import DefaultJSONProvider
from flask.wrappers import Response
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound, UnsupportedMediaType

from helpdesk.core.errors import Invalid
from helpdesk.web import metrics
from helpdesk.web.csrf import SAFE_METHODS
from helpdesk.web.text import has_control_characters

MEGABYTE = 1024 * 1024
LARGEST_REQUEST = 12 * MEGABYTE
LARGEST_TEXT = MEGABYTE  # JSON, and all fields of a form without files
MOST_PARTS = 500
DEEPEST_JSON = 32
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{8,64}")
# The closing quote may be missing: else each quote of a text that never ends would be tried to the end of it.
_JSON_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


class StrictJSON(DefaultJSONProvider):
    """JSON as the RFC has it, no deeper than people need; pages may hold its output."""

    sort_keys = False

    def loads(self, s: str | bytes, **options: Any) -> Any:
        """Raises ValueError for NaN, Infinity, too deep nesting and anything that is not JSON."""
        text = s.decode("utf-8") if isinstance(s, bytes) else s
        depth = 0
        for token in _JSON_TOKEN.finditer(text):
            mark = text[token.start()]
            depth += 1 if mark in "[{" else -1 if mark in "]}" else 0
            if depth > DEEPEST_JSON:
                raise ValueError("nested too deeply")
        return super().loads(text, parse_constant=_refuse_constant, **options)


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def begin() -> None:
    """Give the request its id (a trusted proxy's own, else a new one), for logs, audit and the answer.

    Also bounds what may be sent: megabytes are for files alone.
    """
    settings = current_app.extensions["helpdesk"].settings
    given = request.headers.get("X-Request-Id", "") if settings.trusted_proxies else ""
    g.request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    g.began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)
    if request.mimetype != "multipart/form-data":
        request.max_content_length = LARGEST_TEXT


def count(response: Response) -> Response:
    if "began" in g:
        metrics.record_request(request.endpoint, request.method, response.status_code, time.perf_counter() - g.began)
    return response


def end(_error: BaseException | None) -> None:
    structlog.contextvars.clear_contextvars()


def check_shape() -> None:
    """Refuse control characters in the address, and bodies of the API that are not what they should be."""
    if has_control_characters(request.path, one_line=True):
        raise NotFound()
    for name, value in request.args.items(multi=True):
        if has_control_characters(name) or has_control_characters(value):
            raise Invalid({name if name.isprintable() else "": _("Please remove the invisible control characters.")})
    if request.method in SAFE_METHODS or not request.path.startswith("/api/") or request.endpoint is None:
        return
    if request.mimetype == "multipart/form-data":
        return  # attachments
    has_body = bool(request.content_length) or "Transfer-Encoding" in request.headers
    if has_body and not request.is_json:
        raise UnsupportedMediaType()


def init_requests(app: Flask) -> None:
    app.json = StrictJSON(app)
    app.before_request(begin)
    app.after_request(count)
    app.teardown_request(end)
