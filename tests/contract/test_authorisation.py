"""X10, X3: every route × method × role × object, compared with the tables of `routes.py`."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from helpdesk.web.access import ROLES
from tests import factories
from tests.contract.matrix import SAFE, TABLE, WHO, Matrix
from tests.contract.routes import Arguments, Route

pytestmark = pytest.mark.by_turns

CHANGING = re.compile(r'content="[^"]{40,}"|name="csrf_token"[^>]*>|"request_id": ?"[^"]+"|[0-9a-f]{32}|\b\d+\b')


def _missing(arguments: Arguments) -> Arguments:
    """The same address for an object that does not exist."""
    if not arguments:
        return {}
    name, value = list(arguments.items())[-1]
    return arguments | {name: 999_999 if isinstance(value, int) else "0" * 32}


def _leads_to_sign_in(answer: TestResponse) -> bool:
    return answer.status_code == 302 and answer.headers["Location"].startswith("/sign-in")


def _shape(answer: TestResponse) -> tuple[int, str | None, str]:
    """What may be compared: numbers and tokens differ."""
    return answer.status_code, answer.content_type, CHANGING.sub("#", answer.get_data(as_text=True))


def _keys(app: Flask) -> set[str]:
    return {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        if rule.endpoint.rpartition(".")[2] != "static"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def test_the_tables_name_every_route_and_no_other(matrix: Matrix) -> None:
    assert _keys(matrix.world.app) == set(TABLE)


def test_the_marks_in_the_code_say_what_the_tables_say(matrix: Matrix) -> None:
    app = matrix.world.app
    for rule in app.url_map.iter_rules():
        access = getattr(app.view_functions[rule.endpoint], "access", None)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            for route in TABLE.get(f"{method} {rule.rule}", ()):
                assert access is not None
                assert (access.role, access.scope) == (route.role, route.scope), rule.rule


def _name(key: str, route: Route) -> str:
    words = [key, *map(str, route.arguments.values()), *(route.query if isinstance(route.query, dict) else ())]
    return " ".join([*words, route.object or ""]).strip()


CASES = [pytest.param(key, route, id=_name(key, route)) for key in TABLE for route in TABLE[key]]


@pytest.mark.parametrize(("key", "route"), CASES)
def test_matrix(matrix: Matrix, key: str, route: Route) -> None:
    if route.role == "public":
        answer = matrix.send("nobody", key, route, {})
        assert answer.status_code in (200, 204, 302, 404, 422)
        assert not _leads_to_sign_in(answer) or key == "POST /sign-out"
        return
    is_safe = key.split(" ")[0] in SAFE
    kept = matrix.make(route.object, fresh=False)
    before = matrix.traces()
    _refuse_nobody(matrix, key, route, kept)
    allowed = []
    for who, role in WHO.items():
        if ROLES.index(role) < ROLES.index(route.role):
            assert matrix.send(who, key, route, kept).status_code == 403, who
        elif route.may is not None and who not in route.may:
            foreign, missing = (matrix.send(who, key, route, a) for a in (kept, _missing(kept)))
            assert foreign.status_code == route.missing, (who, foreign.get_data(as_text=True)[-500:])
            assert _shape(foreign) == _shape(missing), who
        else:
            allowed.append(who)
    if route.scope is None:
        answer = matrix.send("adam", key, route, kept, token=matrix.tokens["adam"])
        assert answer.status_code == 403, "a page is not for tokens"
    else:
        other = factories.make_token(matrix.world.people.adam, "me" if route.scope != "me" else "tickets:read")
        before = tuple(a + b for a, b in zip(before, _token_traces(matrix, before), strict=True))
        assert matrix.send("adam", key, route, kept, token=other).status_code == 403, "without the scope"
    assert matrix.traces() == before, "a refused request left something behind"
    for who in allowed:
        answer = matrix.send(who, key, route, kept if is_safe else matrix.make(route.object, fresh=True))
        text = answer.get_data().decode(errors="replace")
        assert answer.status_code < 500, (who, text[-500:])
        assert answer.status_code not in (401, 403, 404, 405, 415), (who, text[-500:])
        assert not _leads_to_sign_in(answer), who


def _token_traces(matrix: Matrix, before: tuple[int, ...]) -> tuple[int, ...]:
    """What making the token without the scope has just left."""
    return tuple(now - then for now, then in zip(matrix.traces(), before, strict=True))


def _refuse_nobody(matrix: Matrix, key: str, route: Route, arguments: Arguments) -> None:
    for one in (arguments, _missing(arguments)):
        answer = matrix.send("nobody", key, route, one)
        assert answer.status_code == 401 if route.scope is not None else _leads_to_sign_in(answer)
