"""Notices in the first paint of pages, in the list, and on their own page."""

from __future__ import annotations

import json
import re
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db
from plugins.outage_notice.announcements import actions
from plugins.outage_notice.announcements.rules import Draft, Kind, NewUpdate
from plugins.outage_notice.banners.models import Receipt
from plugins.outage_notice.tests.announcing import department, publish
from plugins.outage_notice.tests.banners.test_boards import act
from tests import factories
from tests.fixtures import People

TITLE = "VPN is down for everyone at home"


def page(client: FlaskClient, path: str = "/notices") -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.status
    return answer.get_data(as_text=True)


def test_the_first_paint_has_the_card_and_the_data(client: FlaskClient, people: People) -> None:
    publish(people.teresa, department(people.finance))
    factories.sign_in(client, people.ana)
    html = page(client)
    assert re.search(r'<article class="notice notice--l2"[^>]*data-surface="card"', html)
    data = re.search(r'<script type="application/json" id="notice-board">(.*?)</script>', html, re.S)
    assert data
    board = json.loads(data[1])
    assert set(board) == {"epoch", "seq", "server_time", "tag", "banners"}
    assert board["banners"][0]["title"] == TITLE


def test_nobody_else_finds_a_trace_in_the_source(client: FlaskClient, people: People) -> None:
    """X3, X6: not in the page, the list, the notice's address or the data."""
    published = publish(people.teresa, department(people.finance))
    factories.sign_in(client, people.bruno)
    assert TITLE not in page(client)
    assert client.get(f"/notices/{published.id}").status_code == 404
    assert client.get("/notices/987654").status_code == 404


def test_a_scheduled_text_is_nowhere_before_its_time(client: FlaskClient, people: People, clock: FixedClock) -> None:
    """X8."""
    published = publish(people.teresa, department(people.finance), show_from=clock.now() + timedelta(hours=1))
    factories.sign_in(client, people.ana)
    assert TITLE not in page(client)
    assert client.get(f"/notices/{published.id}").status_code == 404
    clock.advance(hours=1)
    assert TITLE in page(client)


def test_a_hidden_notice_stays_reachable_in_the_list(client: FlaskClient, people: People) -> None:
    published = publish(people.teresa, department(people.finance))
    factories.sign_in(client, people.ana)
    token = factories.csrf_token(client, "/notices")
    version = re.search(rf'data-id="{published.id}" data-version="(\d+)"', page(client))
    assert version
    fields = {"csrf_token": token, "what": "hidden", "version": version[1]}
    answer = client.post(f"/notices/{published.id}/receipt", data=fields)
    assert answer.status_code in (302, 303)
    html = page(client)
    assert f'href="/notices/{published.id}"' in html
    assert not re.search(r'<article class="notice notice--l2"', html)


def test_what_ended_stays_in_the_list_for_thirty_days(client: FlaskClient, people: People, clock: FixedClock) -> None:
    published = publish(people.teresa, department(people.finance))
    act(actions.resolve, people.teresa, published.id, "It works again.")
    clock.advance(days=29)
    factories.sign_in(client, people.ana)
    assert TITLE in page(client)
    assert "It works again." in page(client, f"/notices/{published.id}")
    clock.advance(days=2)
    factories.sign_in(client, people.ana)
    assert TITLE not in page(client)


def test_script_in_texts_stays_text(client: FlaskClient, people: People) -> None:
    """H1, H6: neither in the HTML nor out of the JSON block."""
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
    publish(people.teresa, department(people.finance), title="</script><b>x", description=evil, workaround=evil)
    factories.sign_in(client, people.ana)
    html = page(client)
    assert "<script>alert" not in html
    assert "<img src=x" not in html


def test_an_information_is_a_row(client: FlaskClient, people: People) -> None:
    publish(people.teresa, department(people.finance), kind=Kind.information, severity=3)
    factories.sign_in(client, people.ana)
    assert 'data-surface="row"' in page(client).split("<template")[0]


def test_a_confirmed_critical_one_is_a_dialog_after_a_second_technician_agreed(
    client: FlaskClient, people: People
) -> None:
    published = publish(people.teresa, department(people.finance), severity=1, must_confirm=True)
    factories.sign_in(client, people.ana)
    assert "<dialog" not in page(client).split("<template")[0].split('id="notices"')[1]
    act(actions.approve_must_confirm, people.tomas, published.id)
    assert 'id="notice-dialog"' in page(client)


def test_the_sign_in_page_tells_only_what_is_public(client: FlaskClient, people: People) -> None:
    publish(people.teresa, department(people.finance), severity=1, title="Secret outage")
    assert "Secret outage" not in page(client, "/sign-in")
    publish(people.teresa, department(people.finance), severity=1, title="Public outage", is_public=True)
    assert "Public outage" in page(client, "/sign-in")


def test_services_say_how_they_are_for_this_person(app: Flask, people: People) -> None:
    """The hook `service_states`: on the service page and at home, from the person's own board; parts with the whole."""
    vpn = factories.make_service("VPN", people.town_hall)
    factories.make_service("Token", people.town_hall, parent_id=vpn.id)
    publish(people.teresa, department(people.finance), services=(vpn,))
    ana, bruno = app.test_client(), app.test_client()
    factories.sign_in(ana, people.ana)
    factories.sign_in(bruno, people.bruno)
    for path in ("/services", "/"):
        assert len(re.findall(r"svc__state t-l2.*?Down", page(ana, path), re.S)) == 2
        assert "svc__state t-l2" not in page(bruno, path)


def test_staff_see_what_the_audience_sees_and_it_counts_for_nobody(
    app: Flask, people: People, clock: FixedClock
) -> None:
    """Also before it is shown and after it is over; to requesters there is no such page, whoever they are."""
    shown = publish(people.teresa, department(people.finance), severity=1)
    later = publish(people.teresa, department(people.finance), show_from=clock.now() + timedelta(hours=1))
    draft = act(actions.create_draft, people.teresa, Draft(title="Not yet"))
    for person, statuses in (
        (people.teresa, [200, 200, 404]),
        (people.carla, [200, 200, 404]),
        (people.ana, [404, 404, 404]),
        (people.bruno, [404, 404, 404]),
    ):
        client = app.test_client()
        factories.sign_in(client, person)
        answers = [client.get(f"/announcements/{one.id}/preview") for one in (shown, later, draft)]
        assert [answer.status_code for answer in answers] == statuses, person.name
    factories.sign_in(client, people.teresa)
    html = page(client, f"/announcements/{shown.id}/preview")
    assert TITLE in html
    assert re.search(r'inert><article class="notice notice--l1"[^>]*data-surface="card"', html)
    assert "10:00" in page(client, f"/announcements/{later.id}/preview")  # when it is shown first
    act(actions.post_update, people.teresa, shown.id, NewUpdate(text="We have found the cause."))
    act(actions.resolve, people.teresa, shown.id, "It works again.")
    html = page(client, f"/announcements/{shown.id}/preview")
    assert "We have found the cause." in html
    assert 'data-surface="card"' not in html.split("<template")[0]
    with app.app_context():
        assert db.session.scalars(select(Receipt)).all() == []
