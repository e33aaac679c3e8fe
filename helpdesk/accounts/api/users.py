"""/api/v1/users: people, for staff; changes for administrators."""

from __future__ import annotations

import dataclasses
from typing import Any

from apiflask import APIBlueprint
from flask import request

from helpdesk.accounts import actions, queries
from helpdesk.accounts.api import shapes
from helpdesk.accounts.rules import Purpose, UserChange
from helpdesk.web.access import allow, get_viewer
from helpdesk.web.api import etag, idempotent, if_match, limit_argument, make_cursor, paged, read_cursor

api = APIBlueprint("accounts_users_api", __name__, url_prefix="/api/v1/users", tag="Users")
SCOPE = "api.users"


def _answer(user_id: int) -> tuple[dict[str, Any], dict[str, str]]:
    user = queries.get_user(user_id)
    return shapes.user_out(user), etag(user.revision)


@api.get("")
@allow("agent", scope="directory:read")
@api.output(shapes.UserPage)
def list_users() -> Any:
    """List people

    By name; `q` looks for words in name and address.
    """
    wanted = queries.PeopleFilter(text=request.args.get("q", "")[:100])
    people, after = queries.list_people(get_viewer(), wanted, limit_argument(), read_cursor(SCOPE))
    return paged([shapes.user_out(user) for user in people], make_cursor(SCOPE, *after) if after else None)


@api.post("")
@allow("administrator", scope="directory:write")
@idempotent
@api.input(shapes.UserIn, arg_name="body")
@api.output(shapes.UserOut, 201)
def create(body: shapes.UserIn) -> Any:
    """Add a person"""
    viewer = get_viewer()
    user = actions.create_user(viewer, body.as_new())
    if body.invite and user.email:
        actions.send_link(viewer, user.id, Purpose.invitation)
    answer, headers = _answer(user.id)
    return answer, {**headers, "Location": f"/api/v1/users/{user.id}"}


@api.get("/<int:user_id>")
@allow("requester", scope="directory:read")
@api.output(shapes.UserOut)
def show(user_id: int) -> Any:
    """Read a person

    Staff read everybody, others themselves.
    """
    return _answer(queries.get_person(get_viewer(), user_id).id)


@api.patch("/<int:user_id>")
@allow("administrator", scope="directory:write")
@idempotent
@api.input(shapes.UserPatch, arg_name="body")
@api.output(shapes.UserOut)
def change(user_id: int, body: shapes.UserPatch) -> Any:
    """Change a person

    `is_disabled` shuts a person out or lets them in again.
    """
    viewer = get_viewer()
    sent = body.model_dump(exclude_unset=True)
    is_disabled = sent.pop("is_disabled", None)
    if sent:
        actions.change_user(viewer, user_id, _as_change(user_id, sent))
    if is_disabled is not None:
        (actions.disable_user if is_disabled else actions.enable_user)(viewer, user_id)
    return _answer(user_id)


def _as_change(user_id: int, sent: dict[str, Any]) -> UserChange:
    """The person as it is now, with what was sent, based on the revision in If-Match if there is one."""
    change = dataclasses.replace(queries.change_of(queries.get_user(user_id)), **sent)
    revision = if_match()
    return change if revision is None else dataclasses.replace(change, revision=revision)
