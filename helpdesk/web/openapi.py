"""The description of the API: what APIFlask finds in the views, with rights and failures added from our own marks."""

from __future__ import annotations

import re
from typing import Any, NamedTuple, cast

from apiflask import APIFlask
from flask import Flask, current_app

from helpdesk.web.access import Access
from helpdesk.web.csrf import HEADER

Responses = dict[int | str, dict[str, str | dict[str, dict[str, Any]]]]
PREFIX = "/api/v1"
_ARGUMENT = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
ABOUT = (
    "Sign in with a token (`Authorization: Bearer …`) or with the session cookie and the header X-CSRF-Token. "
    "Failures are problem documents (RFC 9457). Lists are paged: follow `Link: rel=next`, or hand `next` back as "
    "`cursor`. A write that takes an Idempotency-Key is carried out once per key. Times are ISO 8601 in UTC."
)
SECURITY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A token made on the profile page."},
    "session": {"type": "apiKey", "in": "cookie", "name": "__Host-helpdesk", "description": "The session of a page."},
    "csrf": {"type": "apiKey", "in": "header", "name": HEADER, "description": "Needed besides the cookie for writing."},
}
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "errors": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
        "request_id": {"type": "string"},
        "current": {"type": "object", "description": "With 412: the present values."},
    },
}
FAILURES = {
    "400": "This is no JSON, or no request that can be read.",
    "401": "Nobody is signed in.",
    "403": "The role, the token's scopes or the missing CSRF token do not allow it.",
    "404": "There is none, or you may not see it.",
    "409": "The present state does not allow it.",
    "412": "Somebody changed it in between.",
    "415": "Send JSON, and say so in Content-Type.",
    "422": "What was sent breaks a rule; `errors` says which field.",
    "429": "Too many requests; wait for `Retry-After` seconds.",
    "503": "Busy just now; nothing was changed. Try again after `Retry-After` seconds.",
}


class Mark(NamedTuple):
    """What the decorators of a view say."""

    access: Access | None
    is_idempotent: bool


_UNMARKED = Mark(None, False)


def init_openapi(app: Flask) -> None:
    api = cast(APIFlask, app)
    api.title, api.version = app.extensions["helpdesk"].settings.name, "1"
    api.config.update(
        OPENAPI_VERSION="3.1.0",
        DESCRIPTION=ABOUT,
        SECURITY_SCHEMES=SECURITY_SCHEMES,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_404_RESPONSE=False,
        AUTO_SERVERS=False,
    )
    api.spec_callback = _complete


def describe() -> dict[str, Any]:
    """The OpenAPI document of the running application."""
    return cast(dict[str, Any], cast(APIFlask, current_app)._get_spec("json"))


def _complete(document: Any) -> Any:
    """Keep the API alone, and say of each operation who may call it and how it fails."""
    components = document.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components["responses"] = {
        status: {"description": text, "content": {"application/problem+json": {"schema": _ref("schemas", "Problem")}}}
        for status, text in FAILURES.items()
    }
    # Several rooms describe one part of the interface.
    document["tags"] = list({tag["name"]: tag for tag in document.get("tags", ())}.values())
    for schema in components["schemas"].values():
        for field in schema.get("properties", {}).values():
            if field.get("default") == "" and field.get("minLength"):  # of a PATCH: "" stands for "not sent"
                del field["default"]
    marks = _marks()
    document["paths"] = {path: item for path, item in document["paths"].items() if path.startswith(PREFIX)}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and "responses" in operation:
                _complete_operation(operation, method, marks.get((path, method), _UNMARKED), "{" in path)
    return document


def _complete_operation(operation: dict[str, Any], method: str, mark: Mark, has_object: bool) -> None:
    access, writes = mark.access, method != "get"
    statuses = {"422", "429", "503"}
    if access is not None and access.role != "public":
        session: dict[str, list[str]] = {"session": [], "csrf": []} if writes else {"session": []}
        operation["security"] = [{"bearer": [access.scope] if access.scope else []}, session]
        operation["x-role"] = access.role
        statuses |= {"401", "403"}
    if has_object or operation.get("parameters"):
        statuses.add("404")
    if writes:
        statuses |= {"400", "409", "412"} | ({"415"} if "requestBody" in operation else set())
        if mark.is_idempotent:
            operation.setdefault("parameters", []).append(_idempotency_key())
    for status in sorted(statuses):
        operation["responses"].setdefault(status, _ref("responses", status))


def _idempotency_key() -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1, "maxLength": 255}
    return {"name": "Idempotency-Key", "in": "header", "required": False, "schema": schema}


def _ref(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}


def _marks() -> dict[tuple[str, str], Mark]:
    marks: dict[tuple[str, str], Mark] = {}
    for rule in current_app.url_map.iter_rules():
        view = current_app.view_functions.get(rule.endpoint)
        mark = Mark(getattr(view, "access", None), getattr(view, "is_idempotent", False))
        path = _ARGUMENT.sub(r"{\1}", rule.rule)
        marks |= {(path, method.lower()): mark for method in rule.methods or ()}
    return marks
