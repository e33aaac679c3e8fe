"""Every route of the API that writes carries a request with an Idempotency-Key out once."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from helpdesk.web.access import ROLES
from tests.contract.matrix import SAFE, TABLE, WHO, Matrix
from tests.contract.routes import Route

API = "/api/v1/"
WRITING = [
    pytest.param(key, route, id=key)
    for key, (route, *_more) in TABLE.items()
    if key.split(" ")[0] not in SAFE and key.split(" ")[1].startswith(API)
]
# What the table sends is refused by the object's state or lacks a date: a request that failed may be sent again.
REFUSED = {
    f"POST /api/v1/announcements/<int:announcement_id>/{act}" for act in ("approve", "publish", "reopen", "undo")
}


def _somebody(route: Route) -> str:
    """The first person who may use the route for its object."""
    good = [who for who, role in WHO.items() if ROLES.index(role) >= ROLES.index(route.role)]
    return next(who for who in good if route.may is None or who in route.may)


def test_every_route_that_writes_is_marked(matrix: Matrix) -> None:
    app = matrix.world.app
    unmarked = [
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - set(SAFE))
        if rule.rule.startswith(API) and not getattr(app.view_functions[rule.endpoint], "is_idempotent", False)
    ]
    assert unmarked == []


@pytest.mark.parametrize(("key", "route"), WRITING)
def test_the_second_request_gets_the_first_answer_and_changes_nothing(matrix: Matrix, key: str, route: Route) -> None:
    who, arguments = _somebody(route), matrix.make(route.object, fresh=True)
    fixed = replace(route, json=matrix.body(route.json, arguments))
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    first = matrix.send(who, key, fixed, arguments, more_headers=headers)
    assert first.status_code < 400 or key in REFUSED, first.text[-500:]
    assert "Idempotency-Replayed" not in first.headers
    before = matrix.traces()
    again = matrix.send(who, key, fixed, arguments, more_headers=headers)
    assert (again.status_code, again.data) == (first.status_code, first.data)
    assert again.headers.get("Idempotency-Replayed") == (None if key in REFUSED else "true")
    assert matrix.traces() == before
