"""/api/v1/departments: the tree, for staff; changes for administrators."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from helpdesk.accounts import actions, queries
from helpdesk.accounts.api import shapes
from helpdesk.accounts.models import Department
from helpdesk.web.access import allow, get_viewer
from helpdesk.web.api import etag, idempotent, if_match, limit_argument, make_cursor, paged, read_cursor

api = APIBlueprint("accounts_departments_api", __name__, url_prefix="/api/v1/departments", tag="Departments")
SCOPE = "api.departments"


def _answer(row: Department) -> tuple[dict[str, Any], dict[str, str]]:
    return shapes.department_out(row), etag(row.revision)


@api.get("")
@allow("agent", scope="directory:read")
@api.output(shapes.DepartmentPage)
def list_departments() -> Any:
    """List departments"""
    limit, after = limit_argument(), read_cursor(SCOPE)
    rows = queries.list_departments(limit + 1, after[0] if after else 0)
    cursor = make_cursor(SCOPE, rows[limit - 1].id) if len(rows) > limit else None
    return paged([shapes.department_out(row) for row in rows[:limit]], cursor)


@api.get("/<int:department_id>")
@allow("agent", scope="directory:read")
@api.output(shapes.DepartmentOut)
def show(department_id: int) -> Any:
    """Read a department"""
    return _answer(queries.get_department(department_id))


@api.post("")
@allow("administrator", scope="directory:write")
@idempotent
@api.input(shapes.DepartmentIn, arg_name="body")
@api.output(shapes.DepartmentOut, 201)
def create(body: shapes.DepartmentIn) -> Any:
    """Add a department"""
    row = actions.create_department(get_viewer(), body.name, body.parent_id)
    answer, headers = _answer(row)
    return answer, {**headers, "Location": f"/api/v1/departments/{row.id}"}


@api.patch("/<int:department_id>")
@allow("administrator", scope="directory:write")
@idempotent
@api.input(shapes.DepartmentPatch, arg_name="body")
@api.output(shapes.DepartmentOut)
def change(department_id: int, body: shapes.DepartmentPatch) -> Any:
    """Rename or move a department

    Everything below it moves with it.
    """
    now = queries.get_department(department_id)
    revision = if_match()
    values = {"name": now.name, "parent_id": now.parent_id} | body.model_dump(exclude_unset=True)
    expected = now.revision if revision is None else revision
    return _answer(
        actions.change_department(get_viewer(), department_id, values["name"], values["parent_id"], expected)
    )


@api.delete("/<int:department_id>")
@allow("administrator", scope="directory:write")
@idempotent
@api.output({}, 204)
def delete(department_id: int) -> Any:
    """Delete a department

    409 while people, departments or anything else belongs to it.
    """
    actions.delete_department(get_viewer(), department_id)
    return ""
