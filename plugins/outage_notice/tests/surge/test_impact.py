"""The level that impact suggests: in the composer, on publication, and on the page of the announcement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from helpdesk.catalog.models import Service
from helpdesk.core.database import db
from plugins.outage_notice.announcements.models import TimelineEntry
from plugins.outage_notice.tests.announcing import department, publish
from plugins.outage_notice.tests.pages.conftest import fields, signed_in, vpn
from tests import factories
from tests.fixtures import People

__all__ = ["fields", "signed_in", "vpn"]  # fixtures of the pages' tests, used here too

SignedIn = Callable[[object], FlaskClient]


def test_the_composer_suggests_a_level(
    people: People, vpn: Service, signed_in: SignedIn, fields: Callable[..., dict[str, Any]]
) -> None:
    client = signed_in(people.teresa)
    answer = factories.post_form(client, "/announcements/preview", fields(severity="1"))
    count = answer.get_json()["parts"]["count"]
    assert "Suggested level: Minor" in count  # one person in Finance
    assert 'data-fix-value="3"' in count
    answer = factories.post_form(client, "/announcements/preview", fields(severity="3"))
    assert "data-fix-value" not in answer.get_json()["parts"]["count"]
    answer = factories.post_form(client, "/announcements/preview", fields(audience=[]))
    assert "Suggested" not in answer.get_json()["parts"]["count"]


def test_suggestion_and_decision_are_kept(app: Flask, people: People, vpn: Service, signed_in: SignedIn) -> None:
    outage = publish(people.teresa, department(people.finance), services=(vpn,), severity=2)
    with app.app_context():
        [entry] = db.session.query(TimelineEntry).filter_by(announcement_id=outage.id, kind="published")
        assert (entry.data["suggested"], entry.data["severity"], entry.data["effects"]) == (3, 2, ["major_outage"])
    page = signed_in(people.carla).get(f"/announcements/{outage.id}").get_data(as_text=True)
    impact = page.split('id="impact-t"')[1].split("</section>")[0]
    assert "Minor" in impact
    assert "Major" in impact
    assert "Teresa" in impact
