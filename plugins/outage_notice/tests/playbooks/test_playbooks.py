"""Playbooks as they are kept, used and reviewed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.audit.models import AuditEntry
from helpdesk.catalog.models import Service
from helpdesk.config import Settings
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db
from helpdesk.core.outbox import OutboxRow
from helpdesk.plugin_api import Forbidden, Invalid, NotFound, Stale
from plugins.outage_notice.announcements.models import Announcement, Translation
from plugins.outage_notice.announcements.rules import Status
from plugins.outage_notice.playbooks import actions, queries
from plugins.outage_notice.playbooks.models import Playbook
from plugins.outage_notice.playbooks.rules import Blank, Briefing, Content, PlaybookTexts
from plugins.outage_notice.response.models import Briefing as BriefingRow
from plugins.outage_notice.response.models import Preparation
from plugins.outage_notice.response.rules import Callee, CallRole
from plugins.outage_notice.tests.announcements.conftest import Cast
from tests import factories
from tests.fixtures import People

SignIn = Callable[[Any], FlaskClient]


def content(**more: Any) -> Content:
    return Content(
        **{
            "name": "Down",
            "texts": PlaybookTexts("{service} is down", "You can't use {service}.", "Wait."),
            "blanks": (Blank("service"),),
            "next_update_minutes": 30,
        }
        | more
    )


def by_slug(app: Flask, slug: str) -> int:
    with app.app_context():
        return db.session.scalars(select(Playbook.id).where(Playbook.slug == slug)).one()


def test_every_installation_has_twelve(cast: Cast) -> None:
    rows = queries.list_playbooks(cast.teresa)
    assert len(rows) == 12
    assert all(row.review_on is not None for row in rows)
    [planned] = [row for row in rows if row.notice_plan is not None]
    assert [str(entry) for entry in queries.content_of(planned).notice_plan or ()] == [
        "mail:start:21600", "mail:start:1440", "banner_again:start:15", "mail:end:0",
    ]  # fmt: skip


def test_keeping_changing_and_deleting(cast: Cast) -> None:
    made = actions.create_playbook(cast.teresa, content())
    changed = actions.change_playbook(cast.tomas, made.id, {"name": "Down again"}, made.revision)
    assert (changed.name, changed.revision) == ("Down again", 2)
    with pytest.raises(Stale):
        actions.change_playbook(cast.teresa, made.id, {"name": "Mine"}, 1)
    same = actions.change_playbook(cast.teresa, made.id, {"name": "Down again"})
    assert same.revision == 2  # nothing changed
    actions.delete_playbook(cast.teresa, made.id, 2)
    with pytest.raises(NotFound):
        queries.get_playbook(cast.teresa, made.id)
    acts = list(db.session.scalars(select(AuditEntry.action).where(AuditEntry.object_kind == "playbook")))
    assert acts == ["playbook.created", "playbook.changed", "playbook.deleted"]


def test_only_announcers_have_playbooks(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        actions.create_playbook(cast.carla, content())
    with pytest.raises(NotFound):
        queries.list_playbooks(cast.ana)


def test_what_does_not_exist_is_refused(cast: Cast) -> None:
    nobody = Callee(CallRole.technical, "person", cast.ana.id)  # a requester
    with pytest.raises(Invalid) as error:
        actions.create_playbook(cast.teresa, content(people=(nobody,), owner_id=cast.carla.id))
    assert error.value.fields.keys() == {"people", "owner_id"}


def test_owners_are_reminded_once_when_the_review_is_due(cast: Cast, clock: FixedClock) -> None:
    today = clock.now().date()
    made = actions.create_playbook(cast.teresa, content(review_on=today, owner_id=cast.teresa.id))
    actions.create_playbook(cast.teresa, content(review_on=today + timedelta(days=1), owner_id=cast.teresa.id))
    assert queries.count_due_reviews(cast.teresa, clock.now()) == 1
    assert actions.remind_of_reviews(clock.now()) == 1
    assert actions.remind_of_reviews(clock.now()) == 0
    mails = db.session.scalars(select(OutboxRow).where(OutboxRow.event_id.like("playbook-review-%"))).all()
    assert [(m.recipient, m.event_id) for m in mails] == [(cast.teresa.email, f"playbook-review-{made.id}-{today}")]
    db.session.rollback()
    orphan = actions.create_playbook(cast.teresa, content(review_on=today))  # as those that come with the program
    assert actions.remind_of_reviews(clock.now()) == 1
    told = select(OutboxRow.recipient).where(OutboxRow.event_id == f"playbook-review-{orphan.id}-{today}")
    assert db.session.scalars(told).all() == [cast.adam.email]
    db.session.rollback()
    actions.change_playbook(cast.teresa, made.id, {"review_on": date(2027, 1, 1)})
    assert queries.count_due_reviews(cast.teresa, clock.now()) == 0


def test_from_the_list_to_a_published_outage(app: Flask, people: People, vpn: Service, signed_in: SignIn) -> None:
    """The page brings everything but the service; the form goes back as it came."""
    teresa = signed_in(people.teresa)
    listed = teresa.get("/playbooks").get_data(as_text=True)
    slug = by_slug(app, "service-down")
    assert f"/playbooks/{slug}/use" in listed
    page = teresa.get(f"/playbooks/{slug}/use").get_data(as_text=True)
    assert "There is no way around it yet." in page
    fields = {
        "service": str(vpn.id), "severity": "2", "audience": "service", "language": "en",
        "blank_en_whom": "everyone", "blank_en_what_works": "All other services work.",
        "blank_en_workaround": "Use the browser.",
        "blank_es_whom": "todas las personas", "blank_es_what_works": "Los demás servicios funcionan.",
        "blank_es_workaround": "Todavía no hay una alternativa.",
    }  # fmt: skip
    seen = factories.post_form(teresa, f"/playbooks/{slug}/preview", fields).get_json()
    assert seen["publish"] == "Publish to 1 person"  # Ana, of Finance
    assert "VPN is down for everyone" in seen["parts"]["banner"]
    answer = factories.post_form(teresa, f"/playbooks/{slug}/use", fields | {"seen": seen["seen"], "do": "publish"})
    assert answer.status_code == 302, answer.get_data(as_text=True)
    with app.app_context():
        record = db.session.scalars(select(Announcement)).one()
        assert (record.title, record.status) == ("VPN is down for everyone", Status.investigating)
        assert record.next_update_at is not None
        # The way around was written in English only: the other languages are left out.
        assert list(db.session.scalars(select(Translation.locale))) == []
        prepared = db.session.get_one(Preparation, record.id)
        assert (prepared.playbook_id, len(prepared.checklist)) == (slug, 4)
        assert db.session.get_one(BriefingRow, record.id).answer.startswith("We know about it")


def test_what_is_missing_stops_publishing_at_its_field(
    app: Flask, people: People, vpn: Service, signed_in: SignIn
) -> None:
    teresa = signed_in(people.teresa)
    id = by_slug(app, "service-down")
    fields = {"service": "", "severity": "2", "audience": "service", "language": "en", "do": "publish"}
    answer = factories.post_form(teresa, f"/playbooks/{id}/use", fields)
    assert answer.status_code == 422
    text = answer.get_data(as_text=True)
    assert "Fill in the blank {service}." in text
    assert "An empty audience is nobody." in text
    emptied = {"service": str(vpn.id), "blank_en_whom": "", "blank_en_what_works": ""}
    answer = factories.post_form(teresa, f"/playbooks/{id}/use", fields | emptied)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'id="blank_en_whom-err"' in text
    assert 'id="blank_en_what_works-err"' not in text
    assert "All other services work." not in text.partition('id="preview"')[2]
    with app.app_context():
        assert db.session.scalar(select(Announcement.id)) is None


def test_of_what_is_refused_nothing_is_left_but_the_text_on_the_page(
    make_app: Any, settings: Settings, clock: FixedClock, people: People, vpn: Service
) -> None:
    """The checks of the page know nothing of the limit of the installation; publishing does."""
    app: Flask = make_app(settings.model_copy(update={"audience_limit": 1}), clock)
    teresa = app.test_client()
    factories.sign_in(teresa, people.teresa)
    id = by_slug(app, "email")
    fields = {
        "service": str(vpn.id), "severity": "2", "audience": "playbook", "language": "en",
        "blank_en_whom": "those who ring twice", "blank_es_whom": "todos", "blank_pt_whom": "todas", "do": "publish",
    }  # fmt: skip
    seen = factories.post_form(teresa, f"/playbooks/{id}/preview", fields).get_json()["seen"]
    answer = factories.post_form(teresa, f"/playbooks/{id}/use", fields | {"seen": seen})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "at most 1 are allowed at once" in text
    assert 'value="those who ring twice"' in text
    with app.app_context():
        assert db.session.scalar(select(Announcement.id)) is None
        assert db.session.scalar(select(Preparation.announcement_id)) is None
        assert db.session.scalar(select(AuditEntry.id).where(AuditEntry.action.startswith("announcement."))) is None


def test_a_critical_one_to_everyone_asks_for_the_number(
    app: Flask, people: People, vpn: Service, signed_in: SignIn
) -> None:
    teresa = signed_in(people.teresa)
    id = by_slug(app, "email")
    fields = {
        "service": str(vpn.id), "severity": "1", "audience": "playbook", "language": "es",
        "blank_es_whom": "todas las personas", "blank_en_whom": "everyone", "blank_pt_whom": "todas as pessoas",
        "do": "publish",
    }  # fmt: skip
    refused = factories.post_form(teresa, f"/playbooks/{id}/use", fields)
    assert refused.status_code == 422
    seen = re.search(r'name="seen"[^>]*value="([^"]*)"', refused.get_data(as_text=True))
    assert seen is not None
    answer = factories.post_form(teresa, f"/playbooks/{id}/use", fields | {"seen": seen[1], "confirmed_people": "6"})
    assert answer.status_code == 302
    with app.app_context():
        record = db.session.scalars(select(Announcement)).one()
        assert (record.locale, record.title) == ("es", "El correo no funciona para todas las personas")
        assert set(db.session.scalars(select(Translation.locale))) == {"en", "pt"}


def test_the_form_of_a_playbook_goes_there_and_back(
    app: Flask, people: People, vpn: Service, signed_in: SignIn
) -> None:
    teresa = signed_in(people.teresa)
    fields = {
        "name": "Door locks", "purpose": "declare", "kind": "incident", "severity": "2", "locale": "en",
        "title": "Doors stay closed at {place}", "description": "Cards fail.", "workaround": "Ring the bell.",
        "blanks": "place | en: all sites", "effect": "major_outage", "next_update_minutes": "60",
        "people": [f"person:{people.tomas.id}", "", f"team:{people.service_desk.id}"],
        "people-role": ["technical", "support", "support"], "people-task": ["Check the server.", "", "Answer."],
        "checklist": "Call the caretaker\n\nTest one door", "review_on": "2026-09-01",
        "owner_id": str(people.teresa.id), "notice_plan-usual": "", "notice_plan": ["mail", "banner_again", ""],
        "notice_plan-number": ["2", "30", ""], "notice_plan-unit": ["60", "1", "1440"],
        "notice_plan-when": ["before", "before", "before"],
    }  # fmt: skip
    bad = factories.post_form(teresa, "/playbooks/new", fields | {"title": "Doors at {where}"})
    assert bad.status_code == 422
    assert "There is no such blank: {where}." in bad.get_data(as_text=True)
    made = factories.post_form(teresa, "/playbooks/new", fields)
    assert made.status_code == 302
    id = int(made.location.rsplit("/", 1)[1])
    with app.app_context():
        kept = queries.content_of(queries.get_playbook(factories.viewer(people.teresa), id))
    assert kept.people == (
        Callee(CallRole.technical, "person", people.tomas.id, "Check the server."),
        Callee(CallRole.support, "team", people.service_desk.id, "Answer."),
    )
    assert kept.checklist == ("Call the caretaker", "Test one door")
    assert kept.blanks == (Blank("place", {"en": "all sites"}),)
    assert kept.briefing == Briefing()
    assert [str(entry) for entry in kept.notice_plan or ()] == ["mail:start:120", "banner_again:start:30"]
    stale = factories.post_form(teresa, f"/playbooks/{id}", fields | {"revision": "7", "name": "Mine"})
    assert stale.status_code == 412
    text = stale.get_data(as_text=True)
    assert 'value="Mine"' in text
    for both in ("Door locks</td>", "Mine</td>"):
        assert both in text
    assert "Doors stay closed at {place}</td>" not in text  # the same in both
    assert factories.post_form(teresa, f"/playbooks/{id}/delete", {"revision": "1"}).status_code == 302


def test_the_api(cast: Cast, app: Flask) -> None:
    client, headers = app.test_client(), factories.api_headers(cast.rows.teresa)
    body = {
        "name": "Down", "title": "{service} is down", "blanks": [{"name": "service"}],
        "people": [{"role": "technical", "kind": "team", "id": cast.rows.service_desk.id}],
    }  # fmt: skip
    made = client.post("/api/v1/playbooks", json=body, headers=headers | {"Idempotency-Key": "one"})
    again = client.post("/api/v1/playbooks", json=body, headers=headers | {"Idempotency-Key": "one"})
    assert (made.status_code, again.get_json()["id"]) == (201, made.get_json()["id"])
    url = made.headers["Location"]
    unknown = client.patch(url, json={"title": "{who} is down"}, headers=headers)
    assert unknown.status_code == 422
    assert "title" in unknown.get_json()["errors"]
    changed = client.patch(url, json={"workaround": "Wait."}, headers=headers | {"If-Match": '"1"'})
    assert (changed.get_json()["workaround"], changed.get_json()["title"]) == ("Wait.", "{service} is down")
    plan = [{"what": "mail", "of": "start", "minutes_before": 1440}]
    assert client.patch(url, json={"notice_plan": plan * 2}, headers=headers).status_code == 422
    assert client.patch(url, json={"notice_plan": plan}, headers=headers).get_json()["notice_plan"] == plan
    assert client.patch(url, json={"name": "X"}, headers=headers | {"If-Match": '"1"'}).status_code == 412
    assert client.delete(url, headers=headers | {"If-Match": '"3"'}).status_code == 204
    assert client.get(url, headers=headers).status_code == 404
    page = client.get("/api/v1/playbooks?limit=5", headers=headers).get_json()
    assert (len(page["items"]), page["next"] is not None) == (5, True)
