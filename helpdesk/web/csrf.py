"""Refuses unsafe requests that another site may have made the browser send."""

from __future__ import annotations

from urllib.parse import urlsplit

import structlog
from flask import current_app, g, request
from flask_babel import gettext as _
from flask_wtf.csrf import validate_csrf
from wtforms import ValidationError

from helpdesk.config import Settings
from helpdesk.core.errors import HelpdeskError
from helpdesk.web.access import Access, NotSignedIn, find_viewer, is_token_request

log = structlog.get_logger(__name__)
FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class CrossSite(HelpdeskError):
    """The request does not prove that it comes from one of our own pages."""

    status = 403
    code = "csrf"


def check_origin_and_token() -> None:
    """Every unsafe request needs our origin and the token of the session, in the form or in the header.

    Requests with a bearer token need neither: browsers do not send one on their own, and with one the session is not
    looked at (see `find_viewer`).
    """
    if request.method in SAFE_METHODS or request.endpoint is None or not current_app.config["WTF_CSRF_ENABLED"]:
        return
    if is_token_request():
        return
    if not _is_from_here():
        log.warning("cross-site request refused", origin=request.headers.get("Origin"))
        raise CrossSite(_("This request came from another site, so it was not carried out."))
    try:
        validate_csrf(request.headers.get(HEADER) or request.form.get(FIELD), time_limit=None)
    except ValidationError as error:
        if find_viewer() is None and not _is_public():
            raise NotSignedIn(_("Please sign in to continue.")) from error
        log.info("request without a valid token refused", reason=str(error))
        raise CrossSite(_("This form was open for too long. Send it once more.")) from error
    g.csrf_valid = True  # forms need not check again


def _is_public() -> bool:
    access: Access | None = getattr(current_app.view_functions[request.endpoint or ""], "access", None)
    return access is None or access.role == "public"


def _is_from_here() -> bool:
    """By what browsers say about the origin; programs say nothing, and then the token alone decides."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    settings: Settings = current_app.extensions["helpdesk"].settings
    return urlsplit(origin)[:2] in (urlsplit(request.host_url)[:2], urlsplit(settings.public_url)[:2])
