"""Every page and every form once on PostgreSQL, as the tests that look closely at pages run on SQLite alone."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.contract.matrix import SAFE, TABLE, WHO, Matrix
from tests.contract.routes import Route
from tests.fixtures import People


def somebody(route: Route) -> str | None:
    """One of those who may, from the highest role down. None where an object is for nobody of these people."""
    if route.role == "public":
        return "nobody"
    return next((who for who in reversed(WHO) if route.may is None or who in route.may), None)


@pytest.mark.long
@pytest.mark.database("postgresql")
def test_every_page_and_form_works(app: Flask, people: People) -> None:
    app.config["RATELIMIT_ENABLED"] = False  # nobody opens as many in a minute
    matrix = Matrix(app, people)
    pages = [(somebody(route), key, route) for key in TABLE for route in TABLE[key] if route.scope is None]
    tried, wrong = 0, []
    for who, key, route in pages:
        if who is None:
            continue
        is_safe = key.split(" ")[0] in SAFE
        answer = matrix.send(who, key, route, matrix.make(route.object, fresh=not is_safe))
        refused = answer.status_code in (401, 403, 404, 405, 415) and who != "nobody"
        if refused or answer.status_code >= 500:
            wrong.append(f"{who} {key}: {answer.status_code} {answer.get_data(as_text=True)[-300:]}")
        tried += 1
    assert tried > 100
    assert wrong == [], "\n".join(wrong)
