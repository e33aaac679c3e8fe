"""/api/v1/me: the person that a program acts for, and their tokens."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import g

from helpdesk.accounts import actions, queries
from helpdesk.accounts.api import shapes
from helpdesk.accounts.rules import SCOPES, Role, scopes_for
from helpdesk.core import clock
from helpdesk.web.access import allow, get_viewer
from helpdesk.web.api import idempotent, paged_whole

api = APIBlueprint("accounts_me_api", __name__, url_prefix="/api/v1/me", tag="Me")


@api.get("")
@allow("requester", scope="me")
@api.output(shapes.MeOut)
def show() -> Any:
    """Read who I am"""
    viewer = get_viewer()
    granted = g.get("token_scopes")
    scopes = scopes_for(Role(viewer.role)) if granted is None else [s for s in SCOPES if s in granted]
    department = queries.find_department(viewer.department_id) if viewer.department_id else None
    return shapes.me_out(viewer, department, list(scopes))


@api.get("/tokens")
@allow("requester", scope="me")
@api.output(shapes.TokenList)
def list_tokens() -> Any:
    """List my API tokens

    Without their texts, which are shown once when they are made.
    """
    rows = queries.list_tokens(get_viewer().id, clock.now())
    return paged_whole("tokens", [shapes.token_out(row) for row in rows])


@api.delete("/tokens/<int:token_id>")
@allow("requester", scope="me")
@idempotent
@api.output({}, 204)
def revoke_token(token_id: int) -> Any:
    """Revoke one of my API tokens"""
    viewer = get_viewer()
    actions.revoke_token(viewer, viewer.id, token_id)
    return ""
