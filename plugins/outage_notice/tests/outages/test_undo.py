"""Two minutes to undo a resolution: screens and replies follow at once, mails and tickets only when it is certain."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.catalog.models import Service
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db
from helpdesk.core.errors import Conflict
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.rules import Status, Waiting
from plugins.outage_notice.announcements import actions as announcements
from plugins.outage_notice.announcements.models import Announcement, TimelineEntry
from plugins.outage_notice.announcements.rules import Checked
from plugins.outage_notice.announcements.rules import Status as Said
from plugins.outage_notice.banners import queries as banners
from plugins.outage_notice.banners.actions import record_receipt
from plugins.outage_notice.banners.rules import What
from plugins.outage_notice.outages import actions
from plugins.outage_notice.tests.announcing import department, publish
from plugins.outage_notice.tests.outages.conftest import (
    Settle,
    act,
    link_of,
    mails,
    messages,
    open_ticket,
    reload,
)
from tests import factories
from tests.fixtures import People

OVER = "is over since"


@pytest.fixture
def ticket(people: People, vpn: Service, outage: Announcement, settle: Settle) -> Ticket:
    """Ana's, which waits for the outage; Cora, of Finance too, follows it."""
    made = open_ticket(people.ana, vpn)
    act(actions.follow, factories.make_user("Cora", "requester", people.finance), outage.id)
    settle()
    return made


@factories.in_app
def board_of(user: object, clock: FixedClock) -> list[dict[str, object]]:
    person = user.id  # type: ignore[attr-defined]
    return [dict(b) for b in banners.boards([person], clock.now())[person].banners]


@factories.in_app
def kinds(outage: Announcement) -> list[str]:
    return [e.kind for e in db.session.query(TimelineEntry).filter_by(announcement_id=outage.id).order_by("id")]


def test_undone_in_time_nobody_was_told(
    app: Flask, people: People, outage: Announcement, ticket: Ticket, vpn: Service, clock: FixedClock, settle: Settle
) -> None:
    act(record_receipt, people.ana, outage.id, 10**6, What.hidden)
    [before] = board_of(people.ana, clock)
    clock.advance(minutes=10)
    act(announcements.resolve, people.teresa, outage.id, "It works.")
    clock.advance(seconds=100)
    settle()
    # At once: no banner, the normal automated reply.
    assert board_of(people.ana, clock) == []
    other = open_ticket(people.ana, vpn, subject="VPN again")
    settle()
    assert messages(app, other, outage.title) == []
    # Held back: tickets and mails.
    assert reload(ticket).waiting_on is Waiting.outage
    act(announcements.undo_resolve, people.teresa, outage.id)
    clock.advance(minutes=10)
    settle()
    assert messages(app, ticket, OVER) == []
    assert mails(app, people.ana, OVER) == []
    assert reload(ticket).status is Status.pending
    assert link_of(ticket) is not None
    # As before, and quietly: what was hidden stays hidden; the message that was wrong is said no more.
    [after] = board_of(people.ana, clock)
    changing = {"version", "revision"}
    assert {k: v for k, v in after.items() if k not in changing} == {
        k: v for k, v in before.items() if k not in changing
    }
    assert after["version"] > before["version"]  # type: ignore[operator]
    said = [kind for kind in kinds(outage) if kind != "reminded"]  # of "I have it", which nobody has said
    assert said[-3:] == ["resolved", "reach_kept", "undone"]
    # And it can be resolved again: everybody is told once.
    act(announcements.resolve, people.teresa, outage.id, "Now it really works.")
    clock.advance(minutes=2)
    settle()
    settle()
    assert len(messages(app, ticket, OVER)) == 1
    assert "Now it really works." in messages(app, ticket, OVER)[0]
    assert reload(ticket).status is Status.solved
    assert len(mails(app, people.ana, OVER)) == 1


def test_after_two_minutes_it_is_reopened_instead(
    app: Flask, people: People, outage: Announcement, ticket: Ticket, clock: FixedClock, settle: Settle
) -> None:
    with pytest.raises(Conflict):
        act(announcements.undo_resolve, people.teresa, outage.id)
    act(announcements.resolve, people.teresa, outage.id, "It works.")
    clock.advance(minutes=2)
    with pytest.raises(Conflict, match="Open it again"):
        act(announcements.undo_resolve, people.teresa, outage.id)
    settle()
    assert len(messages(app, ticket, OVER)) == 1


def test_reopened_within_the_two_minutes_nobody_hears_of_the_end(
    app: Flask, people: People, outage: Announcement, ticket: Ticket, clock: FixedClock, settle: Settle
) -> None:
    act(announcements.resolve, people.teresa, outage.id, "It works.")
    act(announcements.reopen, people.teresa, outage.id, "It is back.")
    with pytest.raises(Conflict):
        act(announcements.undo_resolve, people.teresa, outage.id)
    clock.advance(minutes=3)
    settle()
    assert messages(app, ticket, OVER) == []
    assert reload(ticket).waiting_on is Waiting.outage


def test_dates_and_promises_come_back(app: Flask, people: People, clock: FixedClock) -> None:
    one = publish(people.teresa, department(people.finance))
    clock.advance(minutes=5)
    resolved = act(announcements.resolve, people.teresa, one.id, "")
    assert (resolved.status, resolved.next_update_at) == (Said.resolved, None)
    after = act(announcements.undo_resolve, people.teresa, one.id)
    for name in ("status", "next_update_at", "actual_end_at", "closed_at", "changed_at", "actual_start_at"):
        assert getattr(after, name) == getattr(one, name), name
    assert after.loud_revision == one.loud_revision


def test_by_http(app: Flask, people: People, outage: Announcement, client: FlaskClient, signed_in: object) -> None:
    token = factories.make_token(people.teresa)
    headers = {"Authorization": f"Bearer {token}"}
    path = f"/api/v1/announcements/{outage.id}"
    answer = client.post(f"{path}/resolve", json={"text": "It works."}, headers=headers)
    assert answer.status_code == 200
    assert answer.json["undo_until"] == "2026-03-12T09:02:00Z"
    items = client.get(f"{path}/timeline", headers=headers).json["items"]
    assert items[-1]["data"]["validation"] is None
    assert client.post(f"{path}/undo", json={}, headers=headers).json["status"] == "investigating"
    assert client.post(f"{path}/undo", json={}, headers=headers).status_code == 409
    checked = [{"item": "Monitoring is quiet", "checked_by": people.carla.id}, {"item": "Signed in"}]
    refused = [{"item": "Monitoring is quiet", "checked_by": people.ana.id}]
    assert client.post(f"{path}/resolve", json={"validation": refused}, headers=headers).status_code == 422
    assert client.post(f"{path}/resolve", json={"validation": [{"item": ""}]}, headers=headers).status_code == 422
    assert client.post(f"{path}/resolve", json={"validation": checked}, headers=headers).status_code == 200
    said = client.get(f"{path}/timeline", headers=headers).json["items"][-1]["data"]["validation"]
    assert [(one["item"], one["by"]) for one in said] == [
        ("Monitoring is quiet", people.carla.name), ("Signed in", people.teresa.name)
    ]  # fmt: skip
    page = signed_in(people.teresa).get(f"/announcements/{outage.id}").get_data(as_text=True)  # type: ignore[operator]
    assert f"Checked by {people.carla.name}: Monitoring is quiet" in page
    assert f"/announcements/{outage.id}/undo" in page


def test_who_checked_is_recorded_once_for_each_item(app: Flask, people: People, outage: Announcement) -> None:
    act(announcements.resolve, people.teresa, outage.id, checked=[Checked("Tried it", is_needed=False)])
    with app.app_context():
        entry = db.session.query(TimelineEntry).filter_by(announcement_id=outage.id, kind="resolved").one()
        assert [(c["item"], c["needed"]) for c in entry.data["validation"]] == [("Tried it", False)]
