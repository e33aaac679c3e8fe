"""Every route that writes, with input that is missing, too large, of the wrong type or hostile.

The answer is a refusal at the field (422 in the API) or a page that says so, never a fault of ours, and nothing is
changed unless the odd value is a proper text, such as HTML: then it is shown as text wherever it appears.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select, text

from helpdesk.core.database import Base, db
from tests.contract.matrix import TABLE, Matrix, address
from tests.contract.routes import Arguments, Route

HUGE = "x" * 200_000
ODD = {
    "NUL": "a\x00b",
    "oversized": HUGE,
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "template": "{{ 7*7 }}{% raw %}${7*7}'; DROP TABLE user; --",
    "line breaks": "a\x1b[31m\r\nBcc: eve@example.org\r\n\r\n\u202egnp.exe",
    "number": 10**30,
    "object": {"a": {"b": 1}},
}
WRITES = [key for key in TABLE if not key.startswith("GET") and TABLE[key][0].role != "public"]
PAGES = [key for key in WRITES if TABLE[key][0].scope is None]
API = [key for key in WRITES if TABLE[key][0].scope is not None and not key.startswith("DELETE")]
# What a request leaves behind that is not a change of what it asked for.
BOOKS = {"user_session", "api_token", "web_idempotency", "audit_seal"}
FIELDS = (
    "name", "email", "role", "department_id", "team_id", "parent_id", "subject", "body", "text", "title", "description",
    "workaround", "status", "severity", "kind", "locale", "time_zone", "revision", "service_id", "priority", "files",
    "audience", "services", "starts_at", "eta", "recurrence", "scopes", "days", "password", "number", "what", "version",
    "is_on", "slug", "position", "department_ids", "assignee_id", "requester_id", "then", "weight", "id", "minutes",
)  # fmt: skip
JSON_FIELDS = (*FIELDS, "show_from", "planned_end_at", "translations", "confirmed_people", "ended_at", "public")


def counts(matrix: Matrix) -> dict[str, int]:
    """How many rows each table holds."""
    with matrix.world.app.app_context():
        tables = [t for t in Base.metadata.sorted_tables if t.name not in BOOKS]
        return {t.name: db.session.scalar(select(func.count()).select_from(t)) or 0 for t in tables}


def revisions(matrix: Matrix) -> int:
    with matrix.world.app.app_context():
        return int(db.session.scalar(text("SELECT seq FROM feed_head")) or 0)


def owner(route: Route) -> str:
    """Somebody who may use the route and reach the object."""
    if route.may == frozenset({"ana"}):
        return "ana"
    return "adam" if route.may is None or "adam" in route.may else sorted(route.may)[0]


def send(matrix: Matrix, key: str, arguments: Arguments, **options: Any) -> Any:
    """As `Matrix.send`, with a body of our own."""
    route = replace(TABLE[key][0], form=options.get("form"), json=options.get("json"))
    return matrix.send(owner(route), key, route, arguments)


def raw(matrix: Matrix, key: str, arguments: Arguments, data: bytes, content_type: str) -> Any:
    route = TABLE[key][0]
    method, path = address(key, route, arguments)
    headers = {"Authorization": f"Bearer {matrix.tokens[owner(route)]}", "Content-Type": content_type}
    return matrix.world.app.test_client().open(path, method=method, data=data, headers=headers)


@pytest.fixture(autouse=True)
def _errors_are_answers(matrix: Matrix) -> Iterator[None]:
    """A fault of ours is the answer 500, as in production, and then the test's failure."""
    matrix.world.app.config["PROPAGATE_EXCEPTIONS"] = False
    yield
    matrix.world.app.config["PROPAGATE_EXCEPTIONS"] = None


@pytest.mark.parametrize("key", PAGES)
def test_forms(matrix: Matrix, key: str) -> None:
    """Each odd value in every field at once, which no form can take as a whole; and a form without any field."""
    for kind in ("NUL", "oversized", "script", "template", "line breaks", "number"):
        value = ODD[kind]
        arguments = matrix.make(TABLE[key][0].object, fresh=not _is_harmless(key))
        answer = send(matrix, key, arguments, form=dict.fromkeys(FIELDS, _as_field(value)))
        assert answer.status_code < 500, (kind, answer.get_data(as_text=True)[:500])
        assert answer.mimetype != "text/html" or "<script>alert(1)" not in answer.get_data(as_text=True), kind
        assert "Traceback" not in answer.get_data(as_text=True), kind
    arguments = matrix.make(TABLE[key][0].object, fresh=not _is_harmless(key))
    assert send(matrix, key, arguments, form={}).status_code < 500


def _is_harmless(key: str) -> bool:
    """Whether the object is still there afterwards."""
    return not key.endswith(("/delete", "/end", "/revoke", "/disable"))


def _as_field(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


@pytest.mark.parametrize("key", API)
def test_bodies_of_another_shape_are_refused_and_change_nothing(matrix: Matrix, key: str) -> None:
    route = TABLE[key][0]
    arguments = matrix.make(route.object, fresh=False)
    before, seq = counts(matrix), revisions(matrix)
    deep = b"[" * 5000 + b"]" * 5000
    bad: dict[str, tuple[bytes, str, tuple[int, ...]]] = {
        "not JSON": (b"{", "application/json", (400,)),
        "deep": (b'{"a":' + deep + b"}", "application/json", (400,)),
        "NaN": (b'{"a": NaN}', "application/json", (400,)),
        "bytes": (b"\xff\xfe\x00", "application/json", (400,)),
        "a list": (b"[]", "application/json", (400, 422)),
        "text": (b'"x"', "application/json", (400, 422)),
        "JSON as text": (b"{}", "text/plain", (415,)),
        "a form": (b"title=x", "application/x-www-form-urlencoded", (415,)),
        "an unknown field": (b'{"is_admin": true, "__proto__": {}}', "application/json", (422,)),
        "too large": (b'{"title": "' + b"x" * 1_100_000 + b'"}', "application/json", (413,)),
    }
    for kind, (data, content_type, expected) in bad.items():
        if _takes_files(key) and content_type == "application/json":
            expected = (*expected, 404, 415, 422)
        answer = raw(matrix, key, arguments, data, content_type)
        assert answer.status_code in expected, (kind, answer.status_code, answer.get_data(as_text=True)[:300])
        assert answer.content_type == "application/problem+json", kind
    assert (counts(matrix), revisions(matrix)) == (before, seq)


def _takes_files(key: str) -> bool:
    return key.endswith("/attachments")


@pytest.mark.parametrize("key", [key for key in API if not _takes_files(key)])
def test_each_field_names_what_is_wrong_with_it(matrix: Matrix, key: str) -> None:
    """Values of the wrong kind in each known field of the body, one at a time."""
    arguments = matrix.make(TABLE[key][0].object, fresh=False)
    known = _fields_of(matrix, key)
    before, seq = counts(matrix), revisions(matrix)
    for name in known:
        for kind in ("NUL", "oversized", "object", "number"):
            if kind in ("number", "object") and not _refuses(name, kind):
                continue
            answer = send(matrix, key, arguments, json={name: ODD[kind]})
            assert answer.status_code == 422, (name, kind, answer.status_code, answer.get_data(as_text=True)[:300])
            errors = answer.get_json()["errors"]
            assert any(field.split(".")[0] == name and messages for field, messages in errors.items()), (name, errors)
    assert (counts(matrix), revisions(matrix)) == (before, seq)


def _refuses(name: str, kind: str) -> bool:
    """`translations` is an object of objects; its inside is refused instead."""
    return name != "translations" or kind == "number"


def _fields_of(matrix: Matrix, key: str) -> list[str]:
    """The fields of the body that the published description names, except of yes and no."""
    method, _space, rule = key.partition(" ")
    document = matrix.browsers["nobody"].get("/api/v1/openapi.json").get_json()
    path = re.sub(r"<(?:[^:<>]*:)?(\w+)>", r"{\1}", rule)
    operation = document["paths"][path][method.lower()]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return sorted(schema.get("properties", {}))
