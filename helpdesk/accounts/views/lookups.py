"""The start page of administration, and what the pickers of pages ask while somebody types."""

from __future__ import annotations

from flask import Blueprint, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from helpdesk.accounts import queries
from helpdesk.audit import queries as audit
from helpdesk.core import clock
from helpdesk.web.access import allow, get_viewer
from helpdesk.web.pages import menu_links

bp = Blueprint("accounts_lookups", __name__)
LONGEST = 100


def typed_text() -> str:
    """What was typed into a picker, as far as it is looked at."""
    return request.args.get("q", "")[:LONGEST]


@bp.get("/admin/")
@allow("administrator")
def administration() -> ResponseReturnValue:
    links = [*current_app.extensions["helpdesk"].admin_links, *(x for x in menu_links() if x.section == "admin")]
    return render_template("admin/index.html", links=links, alarms=audit.list_alarms(clock.now()))


@bp.get("/people/search")
@allow("agent")
def search_people() -> ResponseReturnValue:
    people = queries.search_people(get_viewer(), typed_text())
    return jsonify(
        items=[
            {"id": p.id, "label": p.name, "detail": _detail(p.email, p.department.name if p.department else None),
             "kind": "requester"}
            for p in people
        ]
    )  # fmt: skip


def _detail(*parts: str | None) -> str:
    return " · ".join(part for part in parts if part)


@bp.get("/departments/search")
@allow("agent")
def search_departments() -> ResponseReturnValue:
    found = queries.search_departments(typed_text())
    return jsonify(
        items=[{"id": row.id, "label": row.name, "detail": above, "kind": "department"} for row, above in found]
    )
