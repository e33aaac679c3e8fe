"""Who is asking, and who may use a route.

Every route carries exactly one `@allow`: a test walks all routes and fails for one without. The rights on *objects*
are decided by the queries of each room, which load and authorise at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from flask import g, has_request_context, request
from flask_babel import gettext as _

from helpdesk.core.errors import Forbidden, HelpdeskError
from helpdesk.hooks.specs import Viewer

ROLES = ("public", "requester", "agent", "technician", "administrator")
F = TypeVar("F", bound=Callable[..., Any])


class NotSignedIn(HelpdeskError):
    """Nobody is signed in: pages lead to the sign-in page, the API answers 401."""

    status = 401
    code = "not_signed_in"


@dataclass(frozen=True, slots=True)
class Access:
    """`role`: the least role. `scope`: what an API token must carry; None on pages, which tokens cannot open."""

    role: str
    scope: str | None


def require_administrator(actor: Viewer | None) -> None:
    """Raises Forbidden. Without an actor it is the program itself, which may do everything."""
    if actor is not None and not actor.is_administrator:
        raise Forbidden(_("Only an administrator can do this."))


def find_viewer() -> Viewer | None:
    """The signed-in person (by session or token), or None.

    A request that brings a token counts by that token alone: the session's person is not looked at, since such
    requests are not checked for coming from our own pages.
    """
    viewer: Viewer | None = g.get("viewer")
    if viewer is not None and g.get("token_scopes") is None and is_token_request():
        return None
    return viewer


def is_token_request() -> bool:
    """Whether the request says who it is by `Authorization: Bearer`."""
    return has_request_context() and request.headers.get("Authorization", "").lower().startswith("bearer ")


def get_viewer() -> Viewer:
    """The signed-in person. Raises NotSignedIn."""
    viewer = find_viewer()
    if viewer is None:
        raise NotSignedIn(_("Please sign in to continue."))
    return viewer


def allow(role: str, *, scope: str | None = None) -> Callable[[F], F]:
    """Mark a view with the least role that may call it ("public" for everybody), and its token scope.

    Raises NotSignedIn for nobody, Forbidden for a lesser role or a token without the scope. A page (no scope) is not
    for tokens at all.
    """
    if role not in ROLES:
        raise ValueError(role)

    def mark(view: F) -> F:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            _check(role, scope)
            return view(*args, **kwargs)

        guarded.access = Access(role, scope)  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return mark


def _check(role: str, scope: str | None) -> None:
    if role == "public":
        return
    viewer = get_viewer()
    granted: frozenset[str] | None = g.get("token_scopes")  # None: a session, which may do all its person may
    if granted is not None and scope not in granted:
        raise Forbidden(_("This token does not have the scope that is needed here: %(scope)s.", scope=scope or "-"))
    if ROLES.index(viewer.role) < ROLES.index(role):
        raise Forbidden(_("Your role does not allow this. Ask an administrator if you need it."))
