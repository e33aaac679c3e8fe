"""Who may use which route: the table that the generated matrix of role × route × object compares the program with.

A new route without an entry fails `test_authorisation.py`. A plugin brings its own table as `<plugin>.tests.routes`,
with `TABLE` and `OBJECTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from itertools import count
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from helpdesk.accounts.models import ApiToken, User, UserSession
from helpdesk.core import clock, outbox
from helpdesk.core.database import db, transaction
from helpdesk.mail.actions import queue_mail
from helpdesk.mail.models import OutgoingMail
from helpdesk.replies import actions as replies
from helpdesk.scheduling.relay import run_until_idle
from helpdesk.tickets import actions as tickets
from helpdesk.tickets.rules import MessageKind, NewMessage, NewTicket
from tests import factories
from tests.fixtures import People

STAFF = frozenset({"carla", "teresa", "adam"})
ANNOUNCERS = frozenset({"teresa", "adam"})
OWNER = frozenset({"ana"})  # objects are Ana's: her ticket, her token, what is announced to Finance
READERS = OWNER | STAFF
_numbers = count(1)


@dataclass
class World:
    """The application with its people, in which objects are made for each request that may change them."""

    app: Flask
    people: People


Arguments = dict[str, Any]
Body = Mapping[str, Any] | Callable[[World, Arguments], Mapping[str, Any]] | None


@dataclass(frozen=True)
class Route:
    """`role`: the least one. `object`: what stands in the address (or the body); Ana's, where that matters.

    `may`: who of that role may reach the object, by name; None: all. To the others it must look exactly like a
    missing one, which is answered with `missing`. `form` and `json` are a body that would be accepted.
    """

    role: str
    scope: str | None = None
    object: str | None = None
    may: frozenset[str] | None = None
    missing: int = 404
    form: Body = None
    json: Body = None
    query: Body = None
    arguments: Mapping[str, Any] = field(default_factory=dict)


Table = Mapping[str, Route | tuple[Route, ...]]
PERSON = {"name": "Nora", "email": "", "role": "requester", "department_id": "", "team_id": "", "locale": ""}
TICKET = {"subject": "Printer", "body": "It is out of paper."}


def _named(_world: World, _arguments: Arguments) -> dict[str, Any]:
    return {"name": f"New {next(_numbers)}", "parent_id": ""}


def _named_json(_world: World, _arguments: Arguments) -> dict[str, Any]:
    return {"name": f"New {next(_numbers)}"}


def _canned(_world: World, _arguments: Arguments) -> dict[str, Any]:
    return {"title": f"Text {next(_numbers)}", "body": "Restart it."}


def _upload(_world: World, _arguments: Arguments) -> dict[str, Any]:
    return {"files": (BytesIO(b"Private."), "slip.txt")}


TABLE: Table = {
    "GET /": Route("requester"),
    "GET /admin/": Route("administrator"),
    "GET /admin/audit": Route("administrator"),
    "GET /admin/canned-replies": Route("administrator"),
    "POST /admin/canned-replies": Route("administrator", form=_canned),
    "GET /admin/canned-replies/<int:canned_id>": Route("administrator", object="canned reply"),
    "POST /admin/canned-replies/<int:canned_id>": Route("administrator", object="canned reply", form=_canned),
    "POST /admin/canned-replies/<int:canned_id>/delete": Route("administrator", object="canned reply"),
    "GET /canned-replies": Route("agent"),
    "GET /admin/channels": Route("administrator"),
    "POST /admin/channels/test": Route("administrator"),
    "POST /admin/channels/messages/<message_id>/retry": Route("administrator", object="channel message"),
    "GET /admin/departments": Route("administrator"),
    "POST /admin/departments": Route("administrator", form=_named),
    "GET /admin/departments/<int:department_id>": Route("administrator", object="department"),
    "POST /admin/departments/<int:department_id>": Route("administrator", object="department", form=_named),
    "POST /admin/departments/<int:department_id>/delete": Route("administrator", object="department"),
    "GET /admin/plugins": Route("administrator"),
    "GET /admin/mail": Route("administrator"),
    "GET /admin/mail/<int:mail_id>": Route("administrator", object="mail"),
    "GET /admin/mail/<int:mail_id>/html": Route("administrator", object="mail"),
    "POST /admin/mail/<int:mail_id>/retry": Route("administrator", object="mail"),
    "GET /admin/people": Route("administrator"),
    "GET /admin/people/<int:user_id>": Route("administrator", object="person"),
    "POST /admin/people/<int:user_id>": Route("administrator", object="person", form=PERSON),
    "POST /admin/people/<int:user_id>/disable": Route("administrator", object="person"),
    "POST /admin/people/<int:user_id>/enable": Route("administrator", object="person"),
    "POST /admin/people/<int:user_id>/invite": Route("administrator", object="person"),
    "POST /admin/people/<int:user_id>/reset": Route("administrator", object="person"),
    "POST /admin/people/<int:user_id>/sessions/<int:session_id>/end": Route("administrator", object="session"),
    "POST /admin/people/<int:user_id>/sessions/end": Route("administrator", object="person"),
    "POST /admin/people/<int:user_id>/tokens/<int:token_id>/revoke": Route("administrator", object="token"),
    "GET /admin/people/new": Route("administrator"),
    "POST /admin/people/new": Route("administrator", form=PERSON),
    "GET /admin/replies": Route("administrator"),
    "GET /admin/replies/<name>/<locale>": Route("administrator", object="reply"),
    "POST /admin/replies/<name>/<locale>": Route("administrator", object="reply"),
    "POST /admin/replies/<name>/<locale>/preview": Route("administrator", object="reply"),
    "POST /admin/replies/<name>/<locale>/reset": Route("administrator", object="reply"),
    "POST /admin/replies/<name>/switch": Route("administrator", object="reply", form={"is_on": "1"}),
    "GET /admin/services": Route("administrator"),
    "GET /admin/services/<int:service_id>": Route("administrator", object="service"),
    "POST /admin/services/<int:service_id>": Route("administrator", object="service", form=_named),
    "GET /admin/services/new": Route("administrator"),
    "POST /admin/services/new": Route("administrator", form=_named),
    "GET /admin/teams": Route("administrator"),
    "POST /admin/teams": Route("administrator", form=_named),
    "POST /admin/teams/<int:team_id>": Route("administrator", object="team", form=_named),
    "POST /admin/teams/<int:team_id>/delete": Route("administrator", object="team"),
    "GET /api/v1/departments": Route("agent", "directory:read"),
    "POST /api/v1/departments": Route("administrator", "directory:write", json=_named_json),
    "GET /api/v1/departments/<int:department_id>": Route("agent", "directory:read", "department"),
    "PATCH /api/v1/departments/<int:department_id>": Route(
        "administrator", "directory:write", "department", json=_named_json
    ),
    "DELETE /api/v1/departments/<int:department_id>": Route("administrator", "directory:write", "department"),
    "GET /api/v1/docs": Route("public"),
    "GET /api/v1/me": Route("requester", "me"),
    "GET /api/v1/me/board": Route("requester", "me"),
    "GET /api/v1/me/tokens": Route("requester", "me"),
    "DELETE /api/v1/me/tokens/<int:token_id>": Route("requester", "me", "own token", OWNER),
    "GET /api/v1/openapi.json": Route("public"),
    "GET /api/v1/services": Route("requester", "directory:read"),
    "POST /api/v1/services": Route("administrator", "directory:write", json=_named_json),
    "GET /api/v1/services/<int:service_id>": Route("requester", "directory:read", "service"),
    "PATCH /api/v1/services/<int:service_id>": Route("administrator", "directory:write", "service", json=_named_json),
    "GET /api/v1/tickets": Route("requester", "tickets:read"),
    "POST /api/v1/tickets": Route("requester", "tickets:write", json=TICKET),
    "GET /api/v1/tickets/<int:number>": (
        Route("requester", "tickets:read", "ticket", READERS),
        Route("requester", "tickets:read", "ticket", READERS, query={"include": "messages"}),
    ),
    "PATCH /api/v1/tickets/<int:number>": Route(
        "requester", "tickets:write", "ticket", READERS, json={"status": "closed"}
    ),
    "GET /api/v1/tickets/<int:number>/attachments": Route("requester", "tickets:read", "ticket", READERS),
    "POST /api/v1/tickets/<int:number>/attachments": Route("requester", "tickets:write", "talk", READERS, form=_upload),
    "POST /api/v1/tickets/<int:number>/messages": Route(
        "requester", "tickets:write", "ticket", READERS, json={"body": "Any news?"}
    ),
    "GET /api/v1/tickets/attachments/<attachment_id>": (
        Route("requester", "tickets:read", "file", READERS),
        Route("requester", "tickets:read", "file of a note", STAFF),
    ),
    "GET /api/v1/users": Route("agent", "directory:read"),
    "POST /api/v1/users": Route("administrator", "directory:write", json={"name": "Nora"}),
    "GET /api/v1/users/<int:user_id>": Route("requester", "directory:read", "ana", READERS),
    "PATCH /api/v1/users/<int:user_id>": Route("administrator", "directory:write", "person", json={"name": "Nora"}),
    "GET /attachments/<attachment_id>": (
        Route("requester", object="file", may=READERS),
        Route("requester", object="file of a note", may=STAFF),
    ),
    "GET /departments/search": Route("agent"),
    "GET /favicon.ico": Route("public"),
    "GET /healthz": Route("public"),
    "GET /metrics": Route("public"),
    "GET /people/search": Route("agent"),
    "GET /profile": Route("requester"),
    "POST /profile": Route("requester"),
    "POST /profile/email": Route("requester"),
    "POST /profile/password": Route("requester"),
    "POST /profile/sessions/<int:session_id>/end": Route("requester", object="own session", may=OWNER),
    "POST /profile/sessions/end": Route("requester"),
    "POST /profile/tokens": Route("requester"),
    "POST /profile/tokens/<int:token_id>/revoke": Route("requester", object="own token", may=OWNER),
    "GET /readyz": Route("public"),
    "GET /reset/<token>": Route("public", arguments={"token": "nothing"}),
    "POST /reset/<token>": Route("public", arguments={"token": "nothing"}, form={"password": factories.PASSWORD}),
    "GET /robots.txt": Route("public"),
    "GET /services": Route("requester"),
    "GET /services/search": Route("requester"),
    "GET /sign-in": Route("public"),
    "POST /sign-in": Route("public"),
    "POST /sign-out": Route("public"),
    "GET /tickets": Route("requester"),
    "GET /tickets/<int:number>": Route("requester", object="ticket", may=READERS),
    "POST /tickets/<int:number>/close": Route("requester", object="ticket", may=READERS),
    "POST /tickets/<int:number>/messages": Route("requester", object="ticket", may=READERS, form={"body": "Any news?"}),
    "POST /tickets/<int:number>/properties": Route("agent", object="ticket", form={"priority": "high"}),
    "POST /tickets/<int:number>/reopen": Route("requester", object="ticket", may=READERS),
    "POST /tickets/<int:number>/take": Route("agent", object="ticket"),
    "POST /tickets/bulk": Route("agent"),
    "GET /tickets/new": Route("requester"),
    "POST /tickets/new": Route("requester", form=TICKET),
    "GET /tickets/new/notices": Route("requester"),
    "GET /tickets/people": Route("agent"),
}


# --- the objects: each function makes one and gives what stands for it in addresses; the last one is varied ---------


def _person(_world: World) -> User:
    return factories.make_user(f"Nora {next(_numbers)}", password=None)


def _session_of(user: User) -> int:
    now = clock.now()
    with transaction() as session:
        row = UserSession(token_hash=f"hash-{next(_numbers)}", user_id=user.id, created_at=now, seen_at=now)
        session.add(row)
    return row.id


def _token_of(user: User) -> int:
    factories.make_token(user)
    found = db.session.scalars(select(func.max(ApiToken.id)).where(ApiToken.user_id == user.id)).one()
    db.session.rollback()
    return int(found or 0)


def _ticket(world: World, **more: Any) -> int:
    new = NewTicket("Salary slip of Ana", "Private words of Ana.", **more)
    return tickets.open_ticket(factories.viewer(world.people.ana), new).number


def _talk(world: World) -> int:
    """A ticket in which everybody of the staff has written: files go to messages of one's own."""
    number = _ticket(world)
    for name in sorted(STAFF):
        tickets.add_message(factories.viewer(getattr(world.people, name)), number, NewMessage("We are on it."))
    return number


def _file(world: World) -> str:
    number = _ticket(world)
    return tickets.attach_files(factories.viewer(world.people.ana), number, (("slip.txt", b"Private."),))[0].id


def _file_of_a_note(world: World) -> str:
    number, carla = _ticket(world), factories.viewer(world.people.carla)
    note = tickets.add_message(carla, number, NewMessage("For us only.", MessageKind.internal_note))
    return tickets.attach_files(carla, number, (("note.txt", b"For us only."),), note.id)[0].id


def _mail(world: World) -> int:
    with transaction():
        queue_mail("nora@example.org", "Subject", "Text", event_id=f"event-{next(_numbers)}")
    run_until_idle(world.app)
    found = db.session.scalars(select(func.max(OutgoingMail.id))).one()
    db.session.rollback()
    return int(found or 0)


def _channel_message(world: World) -> str:
    """One that was given up: no such channel is set."""
    with transaction():
        found = outbox.send(outbox.NOTIFY_CHANNEL, "gone", {}, event_id=f"event-{next(_numbers)}")
    run_until_idle(world.app)
    return str(found)


def _with_owner(make: Callable[[User], int], name: str) -> Callable[[World], Arguments]:
    def both(world: World) -> Arguments:
        user = _person(world)
        return {"user_id": user.id, name: make(user)}

    return both


OBJECTS: dict[str, Callable[[World], Arguments]] = {
    "department": lambda w: {"department_id": factories.make_department(f"Branch {next(_numbers)}").id},
    "service": lambda w: {"service_id": factories.make_service(f"Service {next(_numbers)}").id},
    "team": lambda w: {"team_id": factories.make_team(f"Team {next(_numbers)}").id},
    "person": lambda w: {"user_id": _person(w).id},
    "ana": lambda w: {"user_id": w.people.ana.id},
    "session": _with_owner(_session_of, "session_id"),
    "token": _with_owner(_token_of, "token_id"),
    "own session": lambda w: {"session_id": _session_of(w.people.ana)},
    "own token": lambda w: {"token_id": _token_of(w.people.ana)},
    "reply": lambda w: {"locale": "en", "name": "received"},
    "canned reply": lambda w: {
        "canned_id": replies.save_canned(factories.viewer(w.people.adam), None, f"Text {next(_numbers)}", "Restart it.")
    },
    "mail": lambda w: {"mail_id": _mail(w)},
    "channel message": lambda w: {"message_id": _channel_message(w)},
    "ticket": lambda w: {"number": _ticket(w)},
    "talk": lambda w: {"number": _talk(w)},
    "file": lambda w: {"attachment_id": _file(w)},
    "file of a note": lambda w: {"attachment_id": _file_of_a_note(w)},
}

__all__ = ["ANNOUNCERS", "OBJECTS", "OWNER", "READERS", "STAFF", "TABLE", "Arguments", "Route", "Table", "World"]
