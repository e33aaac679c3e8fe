"""Addresses for monitoring, browsers and robots, and the description of the API."""

from __future__ import annotations

from ipaddress import ip_address
from typing import cast

from flask import Blueprint, Flask, Response, current_app, jsonify, render_template, request
from flask_babel import lazy_gettext as _l
from prometheus_client import CONTENT_TYPE_LATEST

from helpdesk.config import ROOT
from helpdesk.core.errors import NotFound
from helpdesk.hooks.specs import MenuLink
from helpdesk.web import openapi, queries
from helpdesk.web.access import allow
from helpdesk.web.csrf import check_origin_and_token
from helpdesk.web.limits import init_limits
from helpdesk.web.metrics import write_figures
from helpdesk.web.requests import check_shape

bp = Blueprint("web", __name__)
BLUEPRINTS = (bp,)
ADMIN_LINKS = (MenuLink("plugins", _l("Plugins"), "/admin/plugins", "layers"),)

# Blueprints are registered after every room's setup: by then the sign-in hook of accounts stands before these.
bp.record_once(lambda state: init_limits(cast(Flask, state.app)))
bp.before_app_request(check_origin_and_token)
bp.before_app_request(check_shape)


@bp.get("/healthz")
@allow("public")
def healthz() -> tuple[Response, int]:
    """200 while the process answers and its loops turn; 503 with the names of those that stopped: restart it."""
    stopped = queries.stopped_loops()
    return (jsonify(status="stuck", stopped=stopped), 503) if stopped else (jsonify(status="ok"), 200)


@bp.get("/readyz")
@allow("public")
def readyz() -> tuple[Response, int]:
    """Whether to send people here: 200, or 503 with the checks that fail. What is `degraded` can be done without.

    `?exclude=ticker`, which may be repeated, counts a check among those: pages are right without a worker.
    """
    excluded = set(request.args.getlist("exclude")) - {"database"}
    found = queries.failing_checks()
    failing, degraded = ([n for n in found if n not in excluded], [n for n in found if n in excluded])
    answer = {"status": "not ready" if failing else "ready", "failing": failing}
    if failing != ["database"] and (degraded := degraded + queries.missing_helpers()):
        answer["degraded"] = degraded
    return jsonify(answer), 503 if failing else 200


@bp.get("/metrics")
@allow("public")
def metrics() -> Response:
    """Prometheus figures, for peers on this machine or a private network that come directly, not through a proxy."""
    peer = ip_address(request.remote_addr or "0.0.0.0")  # noqa: S104 - stands for "unknown", which is refused
    forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    if forwarded or peer.is_unspecified or not (peer.is_loopback or peer.is_private):
        raise NotFound()
    return Response(write_figures(), content_type=CONTENT_TYPE_LATEST)


@bp.get("/admin/plugins")
@allow("administrator")
def show_plugins() -> str:
    """What runs here with all rights of the program."""
    plugins = current_app.extensions["helpdesk"].plugins
    return render_template("admin/plugins.html", plugins=plugins)


@bp.get("/robots.txt")
@allow("public")
def robots() -> Response:
    """Nothing here is for search engines."""
    return Response("User-agent: *\nDisallow: /\n", mimetype="text/plain")


@bp.get("/favicon.ico")
@allow("public")
def favicon() -> Response:
    response = Response((ROOT / "static" / "img" / "favicon.svg").read_bytes(), mimetype="image/svg+xml")
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


@bp.get("/api/v1/openapi.json")
@allow("public")
def openapi_document() -> Response:
    return jsonify(openapi.describe())


@bp.get("/api/v1/docs")
@allow("public")
def api_docs() -> str:
    return render_template("api/docs.html", document=openapi.describe(), about=openapi.ABOUT)
