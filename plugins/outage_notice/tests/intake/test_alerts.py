"""From an alert to a draft, an outage, and the proposal that it is over; and everything that must do nothing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from helpdesk.accounts.models import User
from helpdesk.audit.models import AuditEntry
from helpdesk.catalog.models import Service
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db, transaction
from helpdesk.core.errors import Forbidden, Invalid, NotFound, Stale
from plugins.outage_notice.announcements import actions as announcements
from plugins.outage_notice.announcements.models import Announcement, TimelineEntry
from plugins.outage_notice.announcements.queries.records import draft_of
from plugins.outage_notice.announcements.rules import Draft, Effect, Status
from plugins.outage_notice.audiences.rules import Target, TargetKind
from plugins.outage_notice.intake import actions
from plugins.outage_notice.intake.actions import RuleInput
from plugins.outage_notice.intake.models import Alert, AlertRule, AlertSignal
from plugins.outage_notice.intake.rules import AlertAudience, AlertStatus, Signal
from plugins.outage_notice.outages.actions.surges import declare
from plugins.outage_notice.outages.models import Surge
from plugins.outage_notice.tests.announcing import EVERYONE, publish
from plugins.outage_notice.tests.intake.conftest import Send, alertmanager, outcomes
from plugins.outage_notice.tests.outages.conftest import Settle, act, mail_text, mails, open_ticket
from tests import factories
from tests.fixtures import People

pytestmark = pytest.mark.by_turns

SignedIn = Callable[[object], FlaskClient]


def records(app: Flask) -> list[Announcement]:
    with app.app_context():
        found = list(db.session.query(Announcement).order_by(Announcement.id))
        db.session.expunge_all()
    return found


def timeline(app: Flask, announcement_id: int) -> list[str]:
    with app.app_context():
        rows = db.session.query(TimelineEntry).filter_by(announcement_id=announcement_id).order_by(TimelineEntry.id)
        return [row.kind for row in rows]


def test_an_alert_opens_a_draft_that_nobody_publishes(
    app: Flask, people: People, vpn: Service, rule: AlertRule, send: Send, settle: Settle
) -> None:
    assert outcomes(send()) == ["opened_draft"]
    settle()
    [draft] = records(app)
    assert (draft.status, draft.title, draft.owner_id) == (Status.draft, "VPN is down", None)
    with app.app_context():
        wanted = draft_of(db.session.get_one(Announcement, draft.id))
        assert [(s.service_id, s.effect) for s in wanted.services] == [(vpn.id, Effect.major_outage)]
        assert wanted.audience == (Target(TargetKind.service_users, str(vpn.id)),)
        assert db.session.query(AuditEntry).filter_by(action="alert.received").count() == 1
    assert timeline(app, draft.id) == ["created", "alert_fired"]
    # Its service has no team: all technicians hear of it, nobody else.
    assert mails(app, people.teresa, "VPN gateway does not answer") != []
    assert mails(app, people.tomas, "VPN gateway does not answer") != []
    assert mails(app, people.carla) == mails(app, people.ana) == []


def test_a_draft_says_which_alerts_it_comes_from(
    app: Flask, people: People, rule: AlertRule, send: Send, signed_in: SignedIn, clock: FixedClock
) -> None:
    began = clock.now()
    send(starts_at=began, instance="gw-3.example")
    clock.advance(minutes=20)
    send(starts_at=began, instance="gw-3.example")  # the same again is heard, and changes nothing else
    send(fingerprint="f2", starts_at=began, instance="gw-4.example")
    send("resolved", "f2", began, instance="gw-4.example")
    [draft] = records(app)
    teresa = signed_in(people.teresa)
    for path in (f"/announcements/{draft.id}", f"/announcements/{draft.id}/edit"):
        text = teresa.get(path).text
        part = text[text.index("Alerts it comes from") :]
        part = part[: part.index("</section>")]
        for word in ("alertmanager", "f1", "f2", "instance=gw-3.example", "instance=gw-4.example", "gw-3 is silent"):
            assert word in part, (path, word)
        assert part.count("Firing") == part.count("Over") == 1
        assert [f"{began:%H:%M}" in part, f"{clock.now():%H:%M}" in part] == [True, True]
    with app.app_context():
        alert = db.session.query(Alert).filter_by(fingerprint="f1").one()
        assert (alert.first_seen_at, alert.seen_at) == (began, clock.now())
    made = act(announcements.create_draft, people.teresa, Draft(title="Written by a person"))
    assert "Alerts it comes from" not in teresa.get(f"/announcements/{made.id}").text


def test_the_team_of_the_service_is_told(app: Flask, people: People, send: Send, settle: Settle) -> None:
    mail = factories.make_service("E-mail", people.town_hall, owner_team_id=people.service_desk.id)
    network = factories.make_team("Network")
    nina = factories.make_user("Nina", "technician", people.administration, team_id=network.id)
    assert outcomes(send(service="e-mail")) == ["opened_draft"]  # without a rule, by the label itself
    settle()
    assert records(app)[0].title == f"{mail.name} is down"
    assert mails(app, people.teresa, "Alert") != []
    assert mails(app, nina, "Alert") == []


def test_the_same_again_does_nothing(app: Flask, rule: AlertRule, send: Send, clock: FixedClock) -> None:
    began = clock.now()
    assert outcomes(send(starts_at=began)) == ["opened_draft"]
    clock.advance(hours=4)
    assert outcomes(send(starts_at=began)) == [None]  # Alertmanager repeats what still fires
    assert outcomes(send("resolved", starts_at=began)) == ["proposed"]
    assert outcomes(send("resolved", starts_at=began)) == [None]
    assert outcomes(send(starts_at=began)) == [None]  # a replay of the first delivery
    assert len(records(app)) == 1
    with app.app_context():
        assert db.session.query(Alert).one().status is AlertStatus.resolved


def test_older_news_is_late(app: Flask, rule: AlertRule, send: Send, clock: FixedClock) -> None:
    began = clock.now()
    assert outcomes(send("resolved", starts_at=began)) == ["recovered"]
    assert outcomes(send(starts_at=began)) == ["late"]
    assert records(app) == []
    clock.advance(minutes=5)
    assert outcomes(send()) == ["opened_draft"]
    assert outcomes(send("resolved", starts_at=began - timedelta(minutes=1))) == ["late"]
    with app.app_context():
        assert db.session.query(Alert).one().status is AlertStatus.firing


def test_more_alerts_of_the_service_join_the_draft_and_then_the_outage(
    app: Flask, people: People, rule: AlertRule, send: Send
) -> None:
    send()
    assert outcomes(send(fingerprint="f2", name="VPNSlow")) == ["updated"]
    [draft] = records(app)
    assert timeline(app, draft.id).count("alert_fired") == 2
    act(
        announcements.publish,
        people.teresa,
        act(announcements.change_draft, people.teresa, draft.id, {"severity": 3}).id,
    )
    assert outcomes(send(fingerprint="f3", name="VPNGone")) == ["updated"]
    assert len(records(app)) == 1


def test_a_running_outage_of_the_service_is_updated(
    app: Flask, people: People, vpn: Service, rule: AlertRule, send: Send
) -> None:
    outage = publish(people.teresa, EVERYONE, services=(vpn,))
    answer = send()
    assert outcomes(answer) == ["updated"]
    assert answer.get_json()["items"][0]["announcement_id"] == outage.id
    assert "alert_fired" in timeline(app, outage.id)


def test_a_surge_takes_the_draft_that_monitoring_opened(
    app: Flask, people: People, vpn: Service, rule: AlertRule, send: Send, settle: Settle
) -> None:
    send()
    for n in range(8):
        open_ticket(factories.make_user(f"Person {n}", "requester", people.sales, password=None), vpn)
    settle()
    with app.app_context():
        surge_id = db.session.query(Surge).one().id
    [draft] = records(app)
    assert act(declare, people.teresa, surge_id).id == draft.id
    assert len(records(app)) == 1
    assert timeline(app, draft.id) == ["created", "alert_fired", "surge_noticed"]


def test_an_alert_joins_the_draft_that_somebody_makes_of_a_surge(
    app: Flask, people: People, vpn: Service, rule: AlertRule, send: Send, settle: Settle
) -> None:
    for n in range(8):
        open_ticket(factories.make_user(f"Person {n}", "requester", people.sales, password=None), vpn)
    settle()
    with app.app_context():
        surge_id = db.session.query(Surge).one().id
    draft = act(declare, people.teresa, surge_id)
    assert outcomes(send()) == ["updated"]
    assert [record.id for record in records(app)] == [draft.id]
    assert timeline(app, draft.id)[-1] == "alert_fired"


def test_resolution_is_proposed_and_never_done(
    app: Flask, people: People, vpn: Service, rule: AlertRule, send: Send, clock: FixedClock, signed_in: SignedIn
) -> None:
    outage = publish(people.teresa, EVERYONE, services=(vpn,))
    began = clock.now()
    send(starts_at=began)
    send(fingerprint="f2", starts_at=began)
    clock.advance(minutes=10)
    assert outcomes(send("resolved", starts_at=began)) == ["recovered"]
    client = signed_in(people.teresa)
    assert "Monitoring says" not in client.get(f"/announcements/{outage.id}").get_data(as_text=True)
    assert outcomes(send("resolved", fingerprint="f2", starts_at=began)) == ["proposed"]
    page = client.get(f"/announcements/{outage.id}").get_data(as_text=True)
    assert "Monitoring says that it works again." in page
    assert f"/announcements/{outage.id}/resolve" in page
    assert "Alert is over: VPN gateway does not answer" in page
    assert records(app)[0].closed_at is None
    clock.advance(minutes=1)
    send()  # it is back
    assert "Monitoring says" not in client.get(f"/announcements/{outage.id}").get_data(as_text=True)


def test_flapping_is_noted_once(
    app: Flask, people: People, vpn: Service, rule: AlertRule, send: Send, clock: FixedClock, signed_in: SignedIn
) -> None:
    outage = publish(people.teresa, EVERYONE, services=(vpn,))
    seen: list[str | None] = []
    began = clock.now()
    for n in range(10):
        began = clock.now() if n % 2 == 0 else began
        seen += outcomes(send("resolved" if n % 2 else "firing", starts_at=began))
        clock.advance(minutes=1)
    assert seen == ["updated", "proposed", "updated"] + ["damped"] * 7
    kinds = timeline(app, outage.id)
    assert kinds.count("alert_flapping") == 1
    assert kinds.count("alert_fired") + kinds.count("alert_resolved") == 3
    client = signed_in(people.teresa)
    page = client.get(f"/announcements/{outage.id}").get_data(as_text=True)
    assert "flapping" in page
    assert "Monitoring says" not in page
    clock.advance(minutes=20)
    page = client.get(f"/announcements/{outage.id}").get_data(as_text=True)
    assert "Monitoring says that it works again." in page
    assert outcomes(send()) == ["updated"]


def test_what_lasts_is_not_lost(
    app: Flask, people: People, vpn: Service, rule: AlertRule, send: Send, clock: FixedClock
) -> None:
    """What still fires and belongs to nothing is looked at again with each repetition; nothing else is."""
    seen: list[str | None] = []
    for status in ("firing", "resolved", "firing", "resolved", "firing"):
        began = clock.now() if status == "firing" else began_at(app)
        seen += outcomes(send(status, starts_at=began))
        for draft in records(app):
            act(announcements.delete_draft, people.teresa, draft.id)
        clock.advance(minutes=1)
    assert seen == ["opened_draft", "recovered", "opened_draft", "recovered", "damped"]
    clock.advance(minutes=5)
    assert outcomes(send(starts_at=began)) == [None]  # not calm yet
    clock.advance(minutes=15)
    assert outcomes(send(starts_at=began)) == ["opened_draft"]
    assert outcomes(send(starts_at=began)) == [None]
    act(announcements.delete_draft, people.teresa, records(app)[0].id)
    assert outcomes(send(starts_at=began)) == ["opened_draft"]
    assert outcomes(send("resolved", starts_at=began)) == ["proposed"]
    act(announcements.delete_draft, people.teresa, records(app)[0].id)
    assert outcomes(send("resolved", starts_at=began)) == outcomes(send(starts_at=began)) == [None]  # it is over

    unknown = clock.now()
    assert outcomes(send(fingerprint="f9", name="DiskFull", starts_at=unknown)) == ["no_rule"]
    assert outcomes(send(fingerprint="f9", name="DiskFull", starts_at=unknown)) == [None]
    act(actions.save_rule, people.teresa, None, RuleInput("Disk", "alertname=Disk*", vpn.id))
    assert outcomes(send(fingerprint="f9", name="DiskFull", starts_at=unknown)) == ["opened_draft"]
    assert len(records(app)) == 1
    with app.app_context():
        kept = db.session.query(AlertSignal).join(Alert).filter(Alert.fingerprint == "f9").one()
        assert (kept.outcome, kept.announcement_id) == ("opened_draft", db.session.query(Announcement).one().id)


def began_at(app: Flask) -> datetime:
    with app.app_context():
        return db.session.query(Alert).one().starts_at


def test_what_is_too_long_is_cut_and_the_others_are_taken(app: Flask, rule: AlertRule, send: Send) -> None:
    assert outcomes(send(runbook="x" * 5000, **{"n" * 300: "long", "vm": "é" * 1001})) == ["opened_draft"]
    with app.app_context():
        labels = db.session.query(AlertSignal).one().labels
        assert {name: len(value) for name, value in labels.items()} == {
            "alertname": 7, "runbook": 1000, "n" * 100: 4, "vm": 1000,
        }  # fmt: skip


def test_what_no_rule_knows_is_only_listed(
    app: Flask, people: People, rule: AlertRule, send: Send, signed_in: SignedIn
) -> None:
    assert outcomes(send(name="DiskFull")) == ["no_rule"]
    assert records(app) == []
    page = signed_in(people.teresa).get("/announcements/alerts?show=unmapped").get_data(as_text=True)
    assert "No rule says which service" in page
    assert "alertname=DiskFull" in page


def test_a_rule_may_publish_in_the_name_of_whoever_allowed_it(
    app: Flask, people: People, vpn: Service, send: Send, settle: Settle
) -> None:
    new = RuleInput("VPN", "alertname=VPN*", vpn.id, severity=2, publishes=True)
    act(actions.save_rule, people.tomas, None, new)
    assert outcomes(send()) == ["opened_draft"]
    settle()
    [record] = records(app)
    assert (record.status, record.owner_id) == (Status.investigating, people.tomas.id)
    settle()
    said = mail_text(app, people.teresa, "VPN gateway does not answer")
    assert f"It was published: OUT-{record.id}, VPN is down." in said
    assert f"/announcements/{record.id}\n" in f"{said}\n"
    assert timeline(app, record.id).count("published") == 1


@pytest.mark.parametrize("why", ["over again", "nobody", "check"])
def test_what_may_not_be_published_stays_a_draft_and_says_why(
    app: Flask, people: People, vpn: Service, send: Send, settle: Settle, clock: FixedClock, why: str
) -> None:
    audience = AlertAudience.everyone if why == "check" else AlertAudience.service_users
    level = 1 if why == "check" else 2  # to everyone, somebody has to type the number of people
    new = RuleInput("VPN", "alertname=VPN*", vpn.id, severity=level, audience=audience, publishes=True)
    row = act(actions.save_rule, people.tomas, None, new)
    began = clock.now()
    send(starts_at=began)
    if why == "over again":
        send("resolved", starts_at=began)
    if why == "nobody":
        act(actions.save_rule, people.teresa, row.id, RuleInput("VPN", "alertname=VPN*", vpn.id))
    settle()
    [record] = records(app)
    assert record.status is Status.draft
    assert "alert_unpublished" in timeline(app, record.id)
    assert "A draft was opened" in mail_text(app, people.teresa, "VPN gateway does not answer")


@pytest.mark.both_databases
def test_twenty_at_once_have_one_effect(app: Flask, people: People, vpn: Service, rule: AlertRule) -> None:
    """The same alert from twenty threads, and ten different ones of the same service: one draft."""

    def deliver(n: int) -> str | None:
        with app.app_context():
            fingerprint = "same" if n < 20 else f"other-{n}"
            labels = {"alertname": "VPNDown"}
            signal = Signal("zabbix", fingerprint, AlertStatus.firing, "VPN is silent", labels=labels)
            return actions.receive(factories.viewer(people.teresa), signal).outcome

    with ThreadPoolExecutor(10) as pool:
        found = list(pool.map(deliver, range(30)))
    assert found.count("opened_draft") == 1
    assert [o for o in found[:20] if o is not None] in (["opened_draft"], ["updated"])
    assert len(records(app)) == 1
    with app.app_context():
        assert db.session.query(AlertSignal).count() == db.session.query(Alert).count() == 11


@pytest.mark.both_databases
def test_first_alerts_of_one_group_on_many_services_at_once_open_one_draft(app: Flask, people: People) -> None:
    names = [factories.make_service(f"Site {n}", people.finance).name for n in range(8)]

    def deliver(name: str) -> str | None:
        with app.app_context():
            signal = Signal("zabbix", name, AlertStatus.firing, "Silent", service=name, group_key="power of the tower")
            return actions.receive(factories.viewer(people.teresa), signal).outcome

    with ThreadPoolExecutor(len(names)) as pool:
        found = list(pool.map(deliver, names))
    assert sorted(map(str, found)) == ["opened_draft", *["updated"] * 7]
    assert len(records(app)) == 1


def test_the_generic_door(app: Flask, people: People, vpn: Service) -> None:
    client, headers = app.test_client(), factories.api_headers(people.teresa, "intake")
    body = {"source": "zabbix", "id": "42", "status": "firing", "title": "VPN does not answer", "service": "VPN"}

    def post(**changes: object) -> list[str | None]:
        return outcomes(client.post("/api/v1/intake/generic", json=body | changes, headers=headers))

    assert post() == ["opened_draft"]
    assert post() == [None]
    assert post(status="resolved", ended_at="2026-03-12T09:00:00+01:00") == ["proposed"]
    assert post() == ["updated"]
    assert post(id="43", service="", labels={"service": "vpn"}) == ["updated"]


def test_bad_deliveries_name_the_field(app: Flask, people: People, clock: FixedClock) -> None:
    client, headers = app.test_client(), factories.api_headers(people.teresa, "intake")
    good = {"source": "zabbix", "id": "42", "status": "firing", "title": "VPN"}
    bad = {
        "source": "x" * 61,
        "id": "",
        "status": "on fire",
        "title": "a\x00b",
        "started_at": 12345,
        "ended_at": "2026-03-12T09:00:00",  # of which zone?
        "labels": {"a": {"b": 1}},
        "severity": ["critical"],
    }
    for name, value in bad.items():
        answer = client.post("/api/v1/intake/generic", json=good | {name: value}, headers=headers)
        assert answer.status_code == 422, name
        assert any(field.split(".")[0] == name for field in answer.get_json()["errors"]), (name, answer.get_json())
    for body in ({"version": "3", "status": "firing", "alerts": []}, {"version": "4", "status": "firing"}):
        assert client.post("/api/v1/intake/alertmanager", json=body, headers=headers).status_code == 422
    for digits in ("1773306000", 1773306000, "1773306000.5"):  # no seconds since 1970
        body = alertmanager("firing", "f9", clock.now(), {"alertname": "VPNDown"})
        body["alerts"][0]["startsAt"] = digits
        answer = client.post("/api/v1/intake/alertmanager", json=body, headers=headers)
        assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["alerts.0.startsAt"]), digits
    other = factories.api_headers(people.teresa, "announcements:write")
    assert client.post("/api/v1/intake/generic", json=good, headers=other).status_code == 403
    assert client.post("/api/v1/intake/generic", json=good).status_code == 401
    with app.app_context():
        assert db.session.query(Alert).count() == 0


def test_rules_are_kept_by_technicians(
    app: Flask, people: People, vpn: Service, rule: AlertRule, signed_in: SignedIn
) -> None:
    client = signed_in(people.teresa)
    form = {
        "name": "Gateway",
        "matchers": "alertname=Gateway*\nsite!=test",
        "service_id": str(vpn.id),
        "effect": "partial_outage",
        "severity": "3",
        "audience": "everyone",
        "position": "5",
        "is_active": "y",
    }
    new = "/announcements/alerts/rules/new"
    bad = {
        "name": "",
        "matchers": "nonsense",
        "service_id": "99999",
        "effect": "magic",
        "severity": "7",
        "audience": "cats",
        "position": "-1",
    }
    for name, value in bad.items():
        answer = factories.post_form(client, new, form | {name: value})
        assert answer.status_code == 422, name
        assert f'id="{name}-err"' in answer.get_data(as_text=True), name
    answer = factories.post_form(client, new, form | {"audience": "nobody", "publishes": "y"})
    assert "nobody to publish to" in answer.get_data(as_text=True)
    assert factories.post_form(client, new, form).status_code == 303
    page = client.get("/announcements/alerts/rules").get_data(as_text=True)
    assert "Gateway" in page
    assert "alertname=Gateway*, site!=test" in page

    path = f"/announcements/alerts/rules/{rule.id}"
    assert "alertname=VPN*" in client.get(path).get_data(as_text=True)
    assert factories.post_form(client, path, form | {"revision": "1"}).status_code == 303
    assert factories.post_form(client, path, form | {"revision": "1"}).status_code == 412
    assert factories.post_form(client, f"{path}/delete").status_code == 303
    assert client.get(path).status_code == 404
    with app.app_context():
        entries = db.session.query(AuditEntry).filter(AuditEntry.action.like("alert_rule.%"))
        acts = [entry.action for entry in entries.order_by(AuditEntry.id)]
    assert acts == ["alert_rule.created", "alert_rule.created", "alert_rule.changed", "alert_rule.deleted"]
    with pytest.raises(Forbidden):
        act(actions.save_rule, people.carla, None, RuleInput("x", "a=b", vpn.id))
    with pytest.raises(NotFound):
        act(actions.delete_rule, people.teresa, 2**40)
    with pytest.raises(Invalid):
        act(actions.save_rule, people.teresa, None, RuleInput("x", "a=b", 0))
    row = act(actions.save_rule, people.teresa, None, RuleInput("x", "a=b", vpn.id))
    with pytest.raises(Stale):
        act(actions.save_rule, people.teresa, row.id, RuleInput("x", "a=b", vpn.id), 7)


def test_the_list_is_paged_and_the_menu_counts(
    app: Flask, people: People, rule: AlertRule, send: Send, clock: FixedClock, signed_in: SignedIn
) -> None:
    for n in range(55):
        clock.advance(seconds=1)
        send(fingerprint=f"f{n}", name="VPNDown" if n == 0 else "DiskFull")
    client = signed_in(people.teresa)
    page = client.get("/announcements/alerts").get_data(as_text=True)
    assert page.count("DiskFull") >= 50
    assert 'rel="next"' in page
    older = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "Draft opened" in client.get(older).get_data(as_text=True)
    assert client.get("/announcements/alerts?cursor=nonsense").status_code == 422
    assert '<span class="side__n">1</span>' in page
    assert "/announcements/alerts" not in signed_in(people.carla).get("/tickets").get_data(as_text=True)


def test_whoever_changes_what_a_rule_publishes_stands_for_it(people: People, vpn: Service) -> None:
    new = RuleInput("VPN", "alertname=VPN*", vpn.id, publishes=True)
    row = act(actions.save_rule, people.tomas, None, new)
    renamed = act(actions.save_rule, people.teresa, row.id, replace(new, name="The VPN"))
    assert renamed.publishes_by_id == people.tomas.id
    wider = act(actions.save_rule, people.teresa, row.id, replace(new, audience=AlertAudience.everyone))
    assert wider.publishes_by_id == people.teresa.id


def test_an_address_that_cannot_be_mailed_does_not_refuse_the_alert(
    app: Flask, people: People, rule: AlertRule, send: Send
) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(User).where(User.id == people.tomas.id).values(email="tomas"))
    assert outcomes(send()) == ["opened_draft"]


def test_what_fired_for_long_is_remembered_when_it_is_over(app: Flask, people: People, clock: FixedClock) -> None:
    began = clock.now()
    for status in (AlertStatus.firing, AlertStatus.resolved):
        act(actions.receive, people.teresa, Signal("nagios", "disk", status, "Disk full", starts_at=began))
        clock.advance(days=100)
    with app.app_context():
        assert actions.forget_old(began + timedelta(days=101)) == 1
        assert db.session.query(Alert).count() == 1
        actions.forget_old(began + timedelta(days=191))
        assert db.session.query(Alert).count() == 0


def test_what_was_received_long_ago_is_forgotten(app: Flask, rule: AlertRule, send: Send, clock: FixedClock) -> None:
    began = clock.now()
    send(starts_at=began)
    send("resolved", starts_at=began)
    send(fingerprint="f2")
    with app.app_context():
        assert actions.forget_old(clock.advance(days=91)) == 3
        assert [a.fingerprint for a in db.session.query(Alert)] == ["f2"]
