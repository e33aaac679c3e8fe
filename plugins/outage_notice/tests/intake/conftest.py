"""What tests of alerts start from: a VPN, a rule for it, and Teresa's monitoring that sends alerts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from helpdesk.catalog.models import Service
from helpdesk.core.clock import FixedClock
from plugins.outage_notice.intake import actions
from plugins.outage_notice.intake.actions import RuleInput
from plugins.outage_notice.intake.models import AlertRule
from plugins.outage_notice.tests.outages.conftest import act, settle, vpn
from plugins.outage_notice.tests.pages.conftest import signed_in
from tests import factories
from tests.fixtures import People

__all__ = ["settle", "signed_in", "vpn"]  # fixtures of others, used here too

Send = Callable[..., TestResponse]


@pytest.fixture
def rule(people: People, vpn: Service) -> AlertRule:
    return act(actions.save_rule, people.teresa, None, RuleInput("VPN", "alertname=VPN*", vpn.id))


@pytest.fixture
def send(app: Flask, people: People, clock: FixedClock) -> Send:
    """Deliver alerts as Alertmanager does."""
    headers = factories.api_headers(people.teresa, "intake")
    client = app.test_client()

    def deliver(
        status: str = "firing",
        fingerprint: str = "f1",
        starts_at: datetime | None = None,
        name: str = "VPNDown",
        **labels: str,
    ) -> TestResponse:
        body = alertmanager(status, fingerprint, starts_at or clock.now(), {"alertname": name, **labels})
        return client.post("/api/v1/intake/alertmanager", json=body, headers=headers)

    return deliver


def alertmanager(status: str, fingerprint: str, starts_at: datetime, labels: dict[str, str]) -> dict[str, Any]:
    """A delivery as Alertmanager 0.25 writes it."""
    over = status == "resolved"
    alert = {
        "status": status,
        "labels": labels,
        "annotations": {"summary": "VPN gateway does not answer", "description": "gw-3 is silent for 2 minutes"},
        "startsAt": starts_at.isoformat(),
        "endsAt": starts_at.isoformat() if over else "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example/graph",
        "fingerprint": fingerprint,
    }
    return {
        "receiver": "helpdesk",
        "status": status,
        "alerts": [alert],
        "groupLabels": {"alertname": labels["alertname"]},
        "commonLabels": labels,
        "commonAnnotations": alert["annotations"],
        "externalURL": "http://alertmanager.example",
        "version": "4",
        "groupKey": f'{{}}:{{alertname="{labels["alertname"]}"}}',
        "truncatedAlerts": 0,
    }


def outcomes(answer: TestResponse) -> list[str | None]:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [item["outcome"] for item in answer.get_json()["items"]]
