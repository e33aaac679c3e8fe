"""The composer: what it saves, publishes and schedules, what it refuses, and that nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.catalog.models import Service
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db
from helpdesk.mail.models import OutgoingMail
from helpdesk.scheduling.relay import run_until_idle
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.rules import Status
from plugins.outage_notice.tests import announcing
from tests import factories
from tests.fixtures import People

Browser = Callable[[Any], FlaskClient]
Fields = Callable[..., dict[str, Any]]


@factories.in_app
def stored() -> list[Announcement]:
    rows = list(db.session.scalars(select(Announcement).order_by(Announcement.id)))
    for row in rows:
        db.session.expunge(row)
    return rows


def test_publish_now_reaches_the_audience(signed_in: Browser, people: People, fields: Fields) -> None:
    answer = factories.post_form(signed_in(people.teresa), "/announcements/new", fields())
    (record,) = stored()
    assert answer.location == f"/announcements/{record.id}"
    assert (record.status, record.title) == (Status.investigating, "VPN is down for Finance")
    assert record.next_update_at is not None
    assert record.next_update_at.isoformat() == "2026-03-12T09:30:00+00:00"
    assert "VPN is down for Finance" in signed_in(people.ana).get("/notices").get_data(as_text=True)
    assert "VPN is down for Finance" not in signed_in(people.bruno).get("/notices").get_data(as_text=True)


def test_schedule_keeps_it_hidden_until_its_time(
    signed_in: Browser, people: People, fields: Fields, clock: FixedClock
) -> None:
    times = {"show_from": "2026-03-12T19:00", "starts_at": "2026-03-12T20:00", "planned_end_at": "2026-03-12T22:00"}
    form = fields(kind="maintenance", when="later", next_update_at="", eta="", **times)
    factories.post_form(signed_in(people.teresa), "/announcements/new", form)
    (record,) = stored()
    assert record.status is Status.scheduled
    ana = signed_in(people.ana)
    assert record.title not in ana.get("/notices").get_data(as_text=True)
    clock.advance(hours=10, minutes=1)
    assert record.title in ana.get("/notices").get_data(as_text=True)


def plan_rows(*rows: tuple[str, str, str, str], usual: str = "") -> dict[str, Any]:
    """Rows of the notice plan as the form sends them: what, number, unit in minutes, when."""
    names = ("notice_plan", "notice_plan-number", "notice_plan-unit", "notice_plan-when")
    columns: dict[str, Any] = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)) if rows else {}
    return columns | {"notice_plan-usual": usual}


def test_a_notice_plan_goes_there_and_back(signed_in: Browser, people: People, fields: Fields) -> None:
    teresa = signed_in(people.teresa)
    times = {"starts_at": "2026-05-12T20:00", "planned_end_at": "2026-05-12T22:00", "next_update_at": "", "eta": ""}
    work = fields(kind="maintenance", **times)
    empty = ("", "", "1440", "before")
    plan = plan_rows(("mail", "", "1440", "end"), empty, ("mail", "15", "1440", "before"))
    factories.post_form(teresa, "/announcements/new", work | plan)
    (record,) = stored()
    assert [str(entry) for entry in record.notice_plan or ()] == ["mail:start:21600", "mail:end:0"]
    path = f"/announcements/{record.id}/edit"
    page = teresa.get(path).get_data(as_text=True)
    assert "E-mail, 15 days before the start" in page
    assert 'name="notice_plan-number" inputmode="numeric" maxlength="6" autocomplete="off" value="15"' in page
    room = teresa.get(f"/announcements/{record.id}").get_data(as_text=True)
    assert "To come" in room
    assert "to those who were mailed" in room
    # What the rule refuses is said at the field, and what nobody touched follows kind and level.
    wrong = plan_rows(("mail", "2", "60", "end"))
    refused = factories.post_form(teresa, path, work | wrong | {"revision": "2", "do": "save"})
    assert refused.status_code == 422
    assert "Nobody knows the end in advance" in refused.get_data(as_text=True)
    for what, rows, kept in (
        ("untouched", plan_rows(("banner_again", "15", "1", "before"), usual="banner_again:start:15"), None),
        ("taken out", plan_rows(empty, usual="banner_again:start:15"), ()),
        ("not asked", {}, None),
    ):
        critical = work | {"severity": "1", "must_confirm": "y", "do": "save", "title": what} | rows
        factories.post_form(teresa, "/announcements/new", critical)
        assert (stored()[-1].title, stored()[-1].notice_plan) == (what, kept)
    page = teresa.get(f"/announcements/{stored()[-1].id}/edit").get_data(as_text=True)
    assert 'name="notice_plan-usual" value="banner_again:start:15"' in page


def test_times_are_meant_in_the_chosen_zone(signed_in: Browser, people: People, fields: Fields) -> None:
    form = fields(time_zone="Europe/Madrid", next_update_at="2026-03-12T10:30", eta="2026-03-12T12:00")
    factories.post_form(signed_in(people.teresa), "/announcements/new", form)
    (record,) = stored()
    assert record.next_update_at is not None
    assert record.next_update_at.hour == 9
    page = signed_in(people.teresa).get(f"/announcements/{record.id}/edit").get_data(as_text=True)
    assert 'value="2026-03-12T10:30"' in page


def test_a_draft_may_be_unfinished_and_nobody_sees_it(signed_in: Browser, people: People, fields: Fields) -> None:
    teresa = signed_in(people.teresa)
    form = fields(do="save", audience=["everyone:"], next_update_at="")
    answer = factories.post_form(teresa, "/announcements/new", form)
    (record,) = stored()
    assert answer.location == f"/announcements/{record.id}/edit"
    assert record.status is Status.draft
    for user in (people.ana, people.carla):
        browser = signed_in(user)
        for path in ("/", "/notices", f"/notices/{record.id}", f"/announcements/{record.id}", "/announcements"):
            assert record.title not in browser.get(path).get_data(as_text=True), (user.name, path)
        assert browser.get(f"/announcements/{record.id}").status_code == 404
    assert record.title in teresa.get("/announcements").get_data(as_text=True)


def test_warnings_ask_once_and_errors_stop(signed_in: Browser, people: People, fields: Fields) -> None:
    teresa = signed_in(people.teresa)
    form = fields(workaround="", eta="", seen="")
    asked = factories.post_form(teresa, "/announcements/new", form)
    page = asked.get_data(as_text=True)
    assert asked.status_code == 422
    assert "Say what people can do now" in page
    assert stored() == []
    seen = re.search(r'name="seen"[^>]* value="([^"]*)"', page)
    assert seen
    assert "workaround.no_workaround" in seen.group(1)
    refused = factories.post_form(teresa, "/announcements/new", form | {"seen": seen.group(1), "audience": []})
    assert refused.status_code == 422
    assert "An empty audience is nobody" in refused.get_data(as_text=True)
    assert factories.post_form(teresa, "/announcements/new", form | {"seen": seen.group(1)}).status_code == 302


def test_what_is_refused_last_leaves_nothing_behind(
    app: Flask, signed_in: Browser, people: People, fields: Fields
) -> None:
    state = app.extensions["helpdesk"]
    state.settings = state.settings.model_copy(update={"audience_limit": 1})
    teresa = signed_in(people.teresa)
    form = fields(severity="2", audience=["everyone:"])
    refused = factories.post_form(teresa, "/announcements/new", form)
    assert refused.status_code == 422
    assert "at most 1 are allowed at once" in refused.get_data(as_text=True)
    assert form["title"] in refused.get_data(as_text=True)
    assert stored() == []
    factories.post_form(teresa, "/announcements/new", form | {"do": "save"})
    (draft,) = stored()
    changed = form | {"title": "VPN is slow", "revision": str(draft.revision)}
    assert factories.post_form(teresa, f"/announcements/{draft.id}/edit", changed).status_code == 422
    (kept,) = stored()
    assert (kept.title, kept.revision, kept.status) == (draft.title, draft.revision, Status.draft)


def test_critical_to_everyone_wants_the_number(signed_in: Browser, people: People, fields: Fields) -> None:
    teresa = signed_in(people.teresa)
    form = fields(severity="1", audience=["everyone:"])
    refused = factories.post_form(teresa, "/announcements/new", form)
    assert refused.status_code == 422
    assert stored() == []
    assert "type the number of people" in refused.get_data(as_text=True)
    factories.post_form(teresa, "/announcements/new", form | {"confirmed_people": "6"})
    assert [record.severity for record in stored()] == [1]


def test_an_edit_to_critical_to_everyone_wants_it_too(signed_in: Browser, people: People, fields: Fields) -> None:
    teresa = signed_in(people.teresa)
    factories.post_form(teresa, "/announcements/new", fields())
    (record,) = stored()
    path, revision = f"/announcements/{record.id}/edit", str(record.revision)
    edit = fields(severity="1", audience=["everyone:"], revision=revision, do="save")
    refused = factories.post_form(teresa, path, edit)
    assert refused.status_code == 422
    page = refused.get_data(as_text=True)
    assert "type the number of people" in page
    assert ("Stops the change:" in page, "Stops publishing:" in page) == (True, False)
    assert 'name="confirmed_people"' in page
    assert "data-typed hidden" not in page
    assert [one.severity for one in stored()] == [2]
    assert factories.post_form(teresa, path, edit | {"confirmed_people": "6"}).status_code == 302
    assert [one.severity for one in stored()] == [1]


BAD = {
    "no title": ({"title": ""}, "Write a title"),
    "blank title": ({"title": "   "}, "Write a title"),
    "title too long": ({"title": "x" * 201}, "200 characters"),
    "text too long": ({"description": "x" * 4001}, "4000 characters"),
    "control characters": ({"title": "VPN\x07 down"}, "control characters"),
    "unknown kind": ({"kind": "party"}, "Not a valid choice"),
    "unknown level": ({"severity": "0"}, "Not a valid choice"),
    "word as level": ({"severity": "high"}, "Not a valid choice"),
    "unknown zone": ({"time_zone": "Mars/Olympus"}, "Not a valid choice"),
    "no date": ({"next_update_at": "tomorrow"}, "enter a date and a time"),
    "year 1": ({"eta": "0001-01-01T00:00"}, ""),
    "past promise": ({"next_update_at": "2026-03-12T08:00"}, "has passed"),
    "foreign owner": ({"owner_id": "999999"}, "Not a valid choice"),
    "word as owner": ({"owner_id": "me"}, "Invalid Choice"),
    "malformed target": ({"audience": ["department:x"]}, "Choose the audience from the list"),
    "target that is gone": ({"audience": ["department:999999"]}, "does not exist"),
    "service that is gone": ({"services": ["999999"]}, "does not exist"),
    "malformed service": ({"services": ["1; drop table"]}, "Choose a service of the list"),
    "unknown effect": ({"services-effect": ["explodes"]}, "what happens to it"),
    "no rule": ({"repeat": "custom", "recurrence": ""}, "Write the rule"),
    "bad rule": ({"repeat": "custom", "recurrence": "FREQ=SECONDLY"}, "Repeat daily"),
    "later without a time": ({"when": "later"}, "from when on"),
    "bad revision": ({"revision": "-1"}, ""),
}


def test_bad_input_is_refused_at_its_field(signed_in: Browser, people: People, fields: Fields) -> None:
    teresa = signed_in(people.teresa)
    for name, (changes, message) in BAD.items():
        answer = factories.post_form(teresa, "/announcements/new", fields(**changes))
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422, name
        assert message in page, name
        assert "Use the browser." in page, f"{name}: what was typed is lost"
    assert stored() == []


def test_markup_stays_text(signed_in: Browser, people: People, fields: Fields) -> None:
    evil = "<script>alert(1)</script>"
    teresa = signed_in(people.teresa)
    form = fields(
        title=f"Down {evil}", description=f"{evil} [x](javascript:alert(1))", workaround="<img src=x onerror=y>"
    )
    answer = factories.post_form(teresa, "/announcements/new", form)
    for path in (answer.location, f"{answer.location}/edit", "/announcements"):
        page = teresa.get(path).get_data(as_text=True)
        for markup in (evil, "<img src=x", 'href="javascript'):
            assert markup not in page, (path, markup)
    preview = factories.post_form(teresa, "/announcements/preview", form).get_json()
    assert all(evil not in part and "<img" not in part for part in preview["parts"].values())


@pytest.mark.parametrize("name", ["ana", "carla"])
def test_only_technicians_compose(name: str, signed_in: Browser, people: People, fields: Fields) -> None:
    browser = signed_in(getattr(people, name))
    for path in ("/announcements/new", "/announcements/preview", "/announcements/audience-picker"):
        assert browser.get(path).status_code in (403, 405), path
        assert factories.post_form(browser, path, fields()).status_code in (403, 405), path
    assert stored() == []


@pytest.mark.parametrize("name", ["ana", "carla"])
def test_only_technicians_edit(name: str, signed_in: Browser, people: People, fields: Fields) -> None:
    record = announcing.publish(people.teresa, announcing.department(people.finance))
    browser = signed_in(getattr(people, name))
    for path in ("edit", "update", "resolve", "cancel", "withdraw", "reopen", "duplicate", "delete", "approve"):
        answer = factories.post_form(browser, f"/announcements/{record.id}/{path}", fields(text="mine"))
        assert answer.status_code in (403, 404), path
    assert [row.revision for row in stored()] == [record.revision]


def test_two_editors_lose_nothing(signed_in: Browser, people: People, fields: Fields) -> None:
    teresa, tomas = signed_in(people.teresa), signed_in(people.tomas)
    factories.post_form(teresa, "/announcements/new", fields())
    (record,) = stored()
    path, revision = f"/announcements/{record.id}/edit", str(record.revision)
    base = fields(do="save", starts_at="2026-03-12T09:00", revision=revision)
    assert factories.post_form(tomas, path, base | {"title": "VPN is slow for Finance"}).status_code == 302
    stale = factories.post_form(teresa, path, base | {"title": "VPN is gone for Finance"})
    page = stale.get_data(as_text=True)
    assert stale.status_code == 412
    assert "VPN is slow for Finance" in page
    assert "VPN is gone for Finance" in page
    again = re.search(r'name="revision"[^>]* value="(\d+)"', page)
    assert again
    assert again.group(1) != revision
    saved = factories.post_form(teresa, path, base | {"title": "VPN is gone for Finance", "revision": again.group(1)})
    assert saved.status_code == 302
    assert stored()[0].title == "VPN is gone for Finance"


@pytest.mark.parametrize(("weight", "is_loud"), [("silent", False), ("update", False), ("alert_again", True)])
def test_an_edit_says_how_much_it_matters(
    weight: str, is_loud: bool, signed_in: Browser, people: People, fields: Fields
) -> None:
    teresa = signed_in(people.teresa)
    factories.post_form(teresa, "/announcements/new", fields())
    (record,) = stored()
    form = fields(
        do="save", starts_at="2026-03-12T09:00", revision=str(record.revision), weight=weight, title="VPN: new"
    )
    factories.post_form(teresa, f"/announcements/{record.id}/edit", form)
    (after,) = stored()
    assert after.title == "VPN: new"
    assert (after.loud_seq > record.loud_seq) is is_loud


def test_editing_nothing_changes_nothing(signed_in: Browser, people: People, vpn: Service, clock: FixedClock) -> None:
    clock.advance(seconds=17)  # stored times have seconds, the form has not
    record = announcing.publish(people.teresa, announcing.department(people.finance), services=(vpn,))
    teresa = signed_in(people.teresa)
    page = teresa.get(f"/announcements/{record.id}/edit").get_data(as_text=True)
    answer = factories.post_form(teresa, f"/announcements/{record.id}/edit", read_form(page) | {"do": "save"})
    assert answer.status_code == 302, answer.get_data(as_text=True)[:500]
    assert stored()[0].revision == record.revision


def read_form(page: str) -> dict[str, Any]:
    """What a browser without scripts would send of the composer, without pressing anything."""
    start = page.index('id="composer"')
    form = re.sub(r"<noscript>.*?</noscript>", "", page[start : page.index("</form>", start)], flags=re.DOTALL)
    values: dict[str, Any] = {}
    for tag in re.findall(r"<input [^>]*>", form):
        attributes = dict(re.findall(r'(\w[\w-]*)="([^"]*)"', tag))
        is_tick = attributes.get("type") in ("radio", "checkbox")
        if "name" in attributes and attributes["name"] != "csrf_token" and (not is_tick or " checked" in tag):
            values.setdefault(attributes["name"], []).append(attributes.get("value", "y"))
    for name, text in re.findall(r'<textarea [^>]*name="([^"]+)"[^>]*>\r?\n?(.*?)</textarea>', form, re.DOTALL):
        values[name] = [unescape(text)]
    for select_tag, options in re.findall(r"<select ([^>]*)>(.*?)</select>", form, re.DOTALL):
        name = re.findall(r'name="([^"]+)"', select_tag)[0]
        chosen = re.findall(r'<option selected value="([^"]*)"|<option value="([^"]*)" selected', options)
        first = re.findall(r'<option value="([^"]*)"', options)
        values.setdefault(name, []).append("".join(chosen[0]) if chosen else first[0])
    return {name: [unescape(v) for v in found] for name, found in values.items()}


def test_translations_are_kept(signed_in: Browser, people: People, fields: Fields) -> None:
    form = fields(
        title_es="La VPN no funciona", description_es="No puede conectarse.", workaround_es="Use el navegador."
    )
    teresa = signed_in(people.teresa)
    location = factories.post_form(teresa, "/announcements/new", form).location
    page = teresa.get(f"{location}/edit").get_data(as_text=True)
    assert 'value="La VPN no funciona"' in page
    assert "No puede conectarse." in page


def test_the_preview_counts_checks_and_draws(signed_in: Browser, people: People, fields: Fields) -> None:
    teresa = signed_in(people.teresa)
    answer = factories.post_form(teresa, "/announcements/preview", fields(audience=["everyone:"])).get_json()
    assert "6</b> people in 3 departments" in answer["parts"]["count"]
    assert answer["publish"] == "Publish to 6 people"
    assert "VPN is down for Finance" in answer["parts"]["banner"]
    assert "Hello Teresa" in answer["parts"]["reply"]
    rule = {"starts_at": "2026-03-27T20:00", "planned_end_at": "2026-03-27T22:00", "repeat": "daily", "eta": ""}
    form = fields(kind="maintenance", time_zone="Europe/Madrid", when="later", show_from="2026-03-27T18:00", **rule)
    answer = factories.post_form(teresa, "/announcements/preview", form).get_json()
    assert answer["publish"] == "Schedule for 1 person"
    assert answer["parts"]["dates"].count("20:00–22:00") == 6
    assert "after the clock change" in answer["parts"]["dates"]


def test_the_picker_offers_groups_and_people(signed_in: Browser, people: People, vpn: Service) -> None:
    teresa = signed_in(people.teresa)
    items = teresa.get("/announcements/audience-picker?q=").get_json()["items"]
    assert items[0] == {"kind": "everyone", "id": "", "label": "Everyone", "detail": "6 people"}
    found = teresa.get("/announcements/audience-picker?q=vpn").get_json()["items"]
    assert [(i["kind"], i["label"]) for i in found] == [("service_users", "Everyone who uses VPN")]


def test_a_test_goes_to_nobody_but_its_author(app: Flask, signed_in: Browser, people: People, fields: Fields) -> None:
    teresa = signed_in(people.teresa)
    answer = factories.post_form(teresa, "/announcements/test", fields(is_drill="y"))
    assert "to you and to nobody else" in answer.json["message"]
    run_until_idle(app)
    with app.app_context():
        [mail] = db.session.scalars(select(OutgoingMail)).all()
        assert mail.recipient == people.teresa.email
        assert mail.subject == "Test: Drill: VPN is down for Finance"
        assert "Use the browser." in mail.text
    assert stored() == []
    page = teresa.get("/announcements/new").get_data(as_text=True)
    for panel in ("pv-banner", "pv-bar", "pv-mail"):
        assert f'id="{panel}"' in page
