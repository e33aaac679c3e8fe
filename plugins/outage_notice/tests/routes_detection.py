"""Who may use the routes of surges and alerts."""

from __future__ import annotations

from itertools import count
from typing import Any

from helpdesk.plugin_api import now, transaction
from plugins.outage_notice.intake import actions
from plugins.outage_notice.intake.actions import RuleInput
from plugins.outage_notice.outages.models import Surge, SurgeCall
from plugins.outage_notice.outages.rules.surges import SurgeState
from tests import factories
from tests.contract.routes import Arguments, Route, Table, World

_numbers = count(1)
LIMITS = {"tickets": "8", "people": "2", "factor": "5", "minutes": "10", "silence_minutes": "60"}
ALERT = {
    "status": "firing",
    "labels": {"alertname": "VPNDown"},
    "startsAt": "2026-03-12T08:55:00Z",
    "fingerprint": "b3c0",
}
ALERTMANAGER = {"version": "4", "status": "firing", "alerts": [ALERT]}
GENERIC = {"source": "zabbix", "id": "42", "status": "firing", "title": "VPN does not answer"}


def _rule_form(_world: World, arguments: Arguments) -> dict[str, Any]:
    return {
        "name": f"Rule {next(_numbers)}",
        "matchers": "alertname=VPN*",
        "service_id": str(arguments.get("service_id", "")),
        "effect": "major_outage",
        "audience": "service_users",
        "position": "0",
    }


TABLE: Table = {
    "GET /announcements/alerts": Route("technician"),
    "GET /announcements/alerts/rules": Route("technician"),
    "GET /announcements/alerts/rules/<int:rule_id>": Route("technician", object="alert rule"),
    "POST /announcements/alerts/rules/<int:rule_id>": Route("technician", object="alert rule", form=_rule_form),
    "POST /announcements/alerts/rules/<int:rule_id>/delete": Route("technician", object="alert rule"),
    "GET /announcements/alerts/rules/new": Route("technician"),
    "POST /announcements/alerts/rules/new": Route("technician"),
    "GET /announcements/surges": Route("technician"),
    "POST /announcements/surges": Route("technician", form=LIMITS),
    "POST /api/v1/intake/alertmanager": Route("technician", "intake", json=ALERTMANAGER),
    "POST /api/v1/intake/generic": Route("technician", "intake", json=GENERIC),
    "GET /outages/surge": Route("agent"),
    "POST /outages/surges/<int:surge_id>/answer": Route("technician", object="called surge"),
    "POST /outages/surges/<int:surge_id>/call": Route("agent", object="surge"),
    "POST /outages/surges/<int:surge_id>/declare": Route("technician", object="surge"),
    "GET /outages/surges/<int:surge_id>/tickets": Route("agent", object="surge"),
    "POST /outages/surges/<int:surge_id>/silence": Route("agent", object="surge"),
}


def _rule(world: World) -> Arguments:
    service = factories.make_service(f"Watched {next(_numbers)}", world.people.finance)
    new = RuleInput("VPN", "alertname=VPN*", service.id)
    return {"rule_id": actions.save_rule(factories.viewer(world.people.teresa), None, new).id}


def _surge(world: World) -> Arguments:
    service, at = factories.make_service(f"Surging {next(_numbers)}", world.people.finance), now()
    with transaction() as session:
        row = Surge(
            key=f"service:{service.id}",
            service_id=service.id,
            state=SurgeState.open,
            detected_at=at,
            first_at=at,
            last_at=at,
            window_minutes=10,
            people=8,
            normal=0.5,
            needed=8,
            evidence={},
        )
        session.add(row)
    return {"surge_id": row.id}


def _called_surge(world: World) -> Arguments:
    """All who may announce are called: others of the staff are not."""
    arguments = _surge(world)
    with transaction() as session:
        for person in (world.people.teresa, world.people.adam):
            session.add(SurgeCall(surge_id=arguments["surge_id"], user_id=person.id, called_at=now()))
    return arguments


OBJECTS = {"alert rule": _rule, "surge": _surge, "called surge": _called_surge}
