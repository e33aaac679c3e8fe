"""Who may use the routes of playbooks, calls, duties, briefings and promises."""

from __future__ import annotations

from itertools import count
from typing import Any

from helpdesk.plugin_api import now, transaction
from plugins.outage_notice.playbooks import actions
from plugins.outage_notice.playbooks.rules import Blank, Content, PlaybookTexts
from plugins.outage_notice.response.actions import Prepared, prepare
from plugins.outage_notice.response.models import Call
from plugins.outage_notice.response.rules import CallRole
from plugins.outage_notice.tests.announcing import department, publish
from tests import factories
from tests.contract.routes import ANNOUNCERS, Arguments, Route, Table, World

READ, WRITE = "announcements:read", "announcements:write"
PLAYBOOK = {
    "name": "Down",
    "purpose": "declare",
    "kind": "incident",
    "severity": "2",
    "locale": "en",
    "title": "It is down",
    "effect": "major_outage",
}
_numbers = count(1)


def _playbook_json(_world: World, _arguments: Arguments) -> dict[str, Any]:
    return {"name": f"Down {next(_numbers)}", "title": "It is down"}


TABLE: Table = {
    "GET /admin/promises": Route("administrator"),
    "POST /admin/promises": Route("administrator"),
    "POST /admin/promises/departments/<int:department_id>/delete": Route(
        "administrator", arguments={"department_id": 1}
    ),
    "POST /admin/promises/management": Route("administrator"),
    "GET /announcements/<int:announcement_id>/briefing": Route("technician", object="announcement"),
    "POST /announcements/<int:announcement_id>/briefing": Route(
        "technician", object="announcement", form={"answer": "We know."}
    ),
    "GET /announcements/<int:announcement_id>/call": (
        Route("agent", object="announcement"),
        Route("agent", object="draft", may=ANNOUNCERS),
    ),
    "POST /announcements/<int:announcement_id>/call": Route("agent", object="called announcement"),
    "POST /announcements/<int:announcement_id>/checklist": Route(
        "agent", object="prepared announcement", form={"line": "0"}
    ),
    "POST /announcements/<int:announcement_id>/duties": (
        Route("agent", object="announcement", form={"duty": "tickets"}),
        Route("agent", object="draft", may=ANNOUNCERS),
    ),
    "GET /outages/attention": Route("agent"),
    "GET /playbooks": Route("technician"),
    "GET /playbooks/<int:playbook_id>": Route("technician", object="playbook"),
    "POST /playbooks/<int:playbook_id>": Route("technician", object="playbook", form=PLAYBOOK),
    "POST /playbooks/<int:playbook_id>/delete": Route("technician", object="playbook"),
    "POST /playbooks/<int:playbook_id>/preview": Route("technician", object="playbook"),
    "GET /playbooks/<int:playbook_id>/use": Route("technician", object="playbook"),
    "POST /playbooks/<int:playbook_id>/use": Route("technician", object="playbook"),
    "GET /playbooks/new": Route("technician"),
    "POST /playbooks/new": Route("technician", form=PLAYBOOK),
    "GET /api/v1/announcements/<int:announcement_id>/response": (
        Route("agent", READ, "announcement"),
        Route("agent", READ, "draft", ANNOUNCERS),
    ),
    "POST /api/v1/announcements/<int:announcement_id>/response/answer": Route(
        "agent", "tickets:write", "called announcement", json={}
    ),
    "GET /api/v1/playbooks": Route("technician", READ),
    "POST /api/v1/playbooks": Route("technician", WRITE, json=_playbook_json),
    "GET /api/v1/playbooks/<int:playbook_id>": Route("technician", READ, "playbook"),
    "PATCH /api/v1/playbooks/<int:playbook_id>": Route("technician", WRITE, "playbook", json=_playbook_json),
    "DELETE /api/v1/playbooks/<int:playbook_id>": Route("technician", WRITE, "playbook"),
}


def _playbook(world: World) -> Arguments:
    content = Content(
        name=f"Down {next(_numbers)}", texts=PlaybookTexts("{service} is down"), blanks=(Blank("service"),)
    )
    return {"playbook_id": actions.create_playbook(factories.viewer(world.people.teresa), content).id}


def _called(world: World) -> Arguments:
    """An announcement to which all of the staff are called."""
    record = publish(world.people.teresa, department(world.people.finance))
    with transaction() as session:
        session.add_all(
            Call(announcement_id=record.id, cause="published", user_id=user.id, role=CallRole.support, called_at=now())
            for user in (world.people.carla, world.people.teresa, world.people.adam)
        )
    return {"announcement_id": record.id}


def _prepared(world: World) -> Arguments:
    """An announcement with a checklist."""
    record = publish(world.people.teresa, department(world.people.finance))
    with transaction() as session:
        some = Prepared(playbook_id=1, playbook_name="Down", checklist=("Tell the caretaker",))
        prepare(session, record.id, some, record.created_at)
    return {"announcement_id": record.id}


OBJECTS = {"playbook": _playbook, "called announcement": _called, "prepared announcement": _prepared}
