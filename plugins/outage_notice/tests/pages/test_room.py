"""The page of an announcement: updates, endings, approval, and who may see it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db
from plugins.outage_notice.announcements import actions
from plugins.outage_notice.announcements.models import Announcement, Update
from plugins.outage_notice.announcements.rules import Kind, Status
from plugins.outage_notice.tests import announcing
from tests import factories
from tests.fixtures import People

Browser = Callable[[Any], FlaskClient]


@pytest.fixture
def outage(people: People) -> Announcement:
    return announcing.publish(people.teresa, announcing.department(people.finance))


@factories.in_app
def stored(record: Announcement) -> Announcement:
    row = db.session.get(Announcement, record.id)
    assert row is not None
    return row


@factories.in_app
def updates() -> list[tuple[str, bool]]:
    return [(u.text, u.is_public) for u in db.session.scalars(select(Update).order_by(Update.id))]


def test_an_update_carries_status_and_promise(
    signed_in: Browser, people: People, outage: Announcement, clock: FixedClock
) -> None:
    teresa = signed_in(people.teresa)
    form = {
        "text": "The gateway restarts.",
        "status": "monitoring",
        "next_update_at": "2026-03-12T10:30",
        "eta": "2026-03-12T11:00",
        "weight": "auto",
        "revision": str(outage.revision),
    }
    answer = factories.post_form(teresa, f"/announcements/{outage.id}/update", form | {"do": "post"})
    assert answer.location == f"/announcements/{outage.id}"
    after = stored(outage)
    assert after.status is Status.monitoring
    assert after.eta == clock.now() + timedelta(hours=2)
    page = teresa.get(answer.location).get_data(as_text=True)
    assert "The gateway restarts." in page
    assert "Watching the fix" in page
    assert "The gateway restarts." in signed_in(people.ana).get(f"/notices/{outage.id}").get_data(as_text=True)
    # A second one that was written before the first was saved: nothing typed is lost.
    stale = factories.post_form(teresa, f"/announcements/{outage.id}/update", form | {"text": "Mine.", "do": "post"})
    assert stale.status_code == 412
    both = stale.get_data(as_text=True).replace("\r\n", "")
    assert ">Mine.</textarea>" in both
    assert (
        '<p class="both">The gateway restarts.</p>' in both.split("Said by others meanwhile")[1].split("</textarea>")[0]
    )
    assert updates() == [("The gateway restarts.", True)]


def test_a_note_stays_with_staff(signed_in: Browser, people: People, outage: Announcement) -> None:
    teresa = signed_in(people.teresa)
    form = {"text": "Node 3 restarted: no change.", "do": "note", "status": "monitoring"}
    factories.post_form(teresa, f"/announcements/{outage.id}/update", form)
    assert updates() == [("Node 3 restarted: no change.", False)]
    assert stored(outage).status is Status.investigating
    path = f"/announcements/{outage.id}"
    assert "Node 3 restarted" in teresa.get(path).get_data(as_text=True)
    assert "Node 3 restarted" not in teresa.get(f"{path}?timeline=public").get_data(as_text=True)
    assert "Node 3 restarted" not in signed_in(people.ana).get(f"/notices/{outage.id}").get_data(as_text=True)


def test_an_untouched_promise_is_kept(signed_in: Browser, people: People, outage: Announcement) -> None:
    shown = stored(outage).next_update_at
    assert shown is not None
    form = {"text": "No change.", "do": "post", "next_update_at": f"{shown:%Y-%m-%dT%H:%M}", "eta": ""}
    factories.post_form(signed_in(people.teresa), f"/announcements/{outage.id}/update", form)
    assert stored(outage).next_update_at == shown


def test_bad_updates_are_refused(signed_in: Browser, people: People, outage: Announcement) -> None:
    teresa = signed_in(people.teresa)
    bad: dict[str, dict[str, Any]] = {
        "empty": {"text": "  "},
        "too long": {"text": "x" * 4001},
        "control characters": {"text": "a\x00b"},
        "an ending as status": {"text": "Done", "status": "resolved"},
        "unknown status": {"text": "Done", "status": "party"},
        "unknown weight": {"text": "Done", "weight": "loudest"},
        "past promise": {"text": "Done", "next_update_at": "2026-03-12T08:00"},
        "no date": {"text": "Done", "eta": "soon"},
    }
    for name, form in bad.items():
        answer = factories.post_form(teresa, f"/announcements/{outage.id}/update", {"do": "post"} | form)
        assert answer.status_code in (400, 422), name
    assert updates() == []


def test_resolve_tells_and_can_be_taken_back(
    signed_in: Browser, people: People, outage: Announcement, clock: FixedClock
) -> None:
    teresa, path = signed_in(people.teresa), f"/announcements/{outage.id}"
    assert "Resolve, tell 0 people" in teresa.get(f"{path}/resolve").get_data(as_text=True)
    clock.advance(minutes=30)
    form = {"text": "It works.", "checks": ["0", "1"], "checks-by-0": str(people.carla.id), "checks-by-1": "none"}
    for bad in ({"checks": ["0"]}, {"checks-by-1": str(people.ana.id)}, {"checks": ["x", "0"]}):
        assert factories.post_form(teresa, f"{path}/resolve", form | bad).status_code == 422, bad
    refused = factories.post_form(teresa, f"{path}/resolve", form | {"ended_at": "2026-03-12T23:00"})
    assert refused.status_code == 422
    assert "It works.</textarea>" in refused.get_data(as_text=True).replace("\r\n", "")
    factories.post_form(teresa, f"{path}/resolve", form | {"ended_at": "2026-03-12T09:20"})
    after = stored(outage)
    assert after.status is Status.resolved
    assert after.actual_end_at == clock.now() - timedelta(minutes=10)
    page = teresa.get(path).get_data(as_text=True)
    assert "Open again, alert 1 person" in page
    assert f"Checked by {people.carla.name}: Tried it" in page
    assert f"Not needed, says {people.teresa.name}: Monitoring is quiet" in page
    assert page.count(f'action="{path}/undo"') == 2  # in the page and in the message over it
    factories.post_form(teresa, f"{path}/undo", {})
    assert stored(outage).status is Status.investigating
    factories.post_form(teresa, f"{path}/resolve", form | {"ended_at": "2026-03-12T09:20"})
    again = factories.post_form(teresa, f"{path}/resolve", form | {"text": "Twice."})
    assert again.status_code == 409
    factories.post_form(teresa, f"{path}/reopen", {"text": "It is down again."})
    assert stored(outage).status is Status.investigating


@pytest.mark.parametrize(("act", "status"), [("cancel", Status.cancelled), ("withdraw", Status.withdrawn)])
def test_cancel_and_withdraw(
    act: str, status: Status, signed_in: Browser, people: People, outage: Announcement
) -> None:
    teresa = signed_in(people.teresa)
    assert teresa.get(f"/announcements/{outage.id}/{act}").status_code == 200
    factories.post_form(teresa, f"/announcements/{outage.id}/{act}", {"text": "Published by mistake."})
    assert stored(outage).status is status
    assert teresa.get(f"/announcements/{outage.id}").status_code == 200
    assert outage.title in teresa.get("/announcements?tab=past").get_data(as_text=True)


def test_the_timeline_says_what_was_said_to_whom(
    signed_in: Browser, people: People, outage: Announcement, app: Flask
) -> None:
    changes = {"workaround": "x" * 3000, "audience": (announcing.department(people.sales),)}
    with app.app_context():
        actions.edit_published(factories.viewer(people.teresa), outage.id, changes)
    for person in (people.teresa, people.carla):
        page = signed_in(person).get(f"/announcements/{outage.id}").get_data(as_text=True)
        assert re.search(r"<dt>Who sees it</dt><dd[^>]*>Finance</dd>", page)
        assert re.search(r"<dt>Who sees it</dt><dd[^>]*>Sales <span[^>]*>\(before: Finance\)", page)
        assert re.search(
            r"<dt>What they can do now \(English\)</dt><dd[^>]*>x{240}… <span[^>]*>\(before: Use the", page
        )
        assert re.search(r"<dt>Channels</dt><dd[^>]*>on screens and in the notice list, in automated replies", page)


def test_who_opens_the_page(signed_in: Browser, people: People, outage: Announcement) -> None:
    path = f"/announcements/{outage.id}"
    ana = signed_in(people.ana).get(path)
    assert ana.status_code == 302
    assert ana.location == f"/notices/{outage.id}"
    assert signed_in(people.bruno).get(path).status_code == 404
    carla = signed_in(people.carla).get(path)
    page = carla.get_data(as_text=True)
    assert carla.status_code == 200
    assert outage.title in page
    assert f"{path}/update" not in page
    assert f"{path}/edit" not in page
    assert "/duplicate" not in page
    assert signed_in(people.teresa).get("/announcements/999999").status_code == 404


def test_a_second_technician_approves(signed_in: Browser, people: People) -> None:
    record = announcing.publish(people.teresa, announcing.department(people.finance), severity=1, must_confirm=True)
    path = f"/announcements/{record.id}"
    teresa, tomas = signed_in(people.teresa), signed_in(people.tomas)
    assert f"{path}/approve" not in teresa.get(path).get_data(as_text=True)
    assert factories.post_form(teresa, f"{path}/approve").status_code == 403
    assert f"{path}/approve" in tomas.get(path).get_data(as_text=True)
    factories.post_form(tomas, f"{path}/approve", {"revision": str(record.revision)})
    assert stored(record).confirmed_by_id == people.tomas.id


def test_duplicate_and_delete(signed_in: Browser, people: People, outage: Announcement) -> None:
    teresa = signed_in(people.teresa)
    copy = factories.post_form(teresa, f"/announcements/{outage.id}/duplicate").location
    assert copy.endswith("/edit")
    assert outage.title in teresa.get(copy).get_data(as_text=True)
    assert factories.post_form(teresa, copy.replace("/edit", "/delete")).location == "/announcements"
    assert teresa.get(copy).status_code == 404
    assert factories.post_form(teresa, f"/announcements/{outage.id}/delete").status_code == 409


def test_the_list_puts_late_updates_first(
    signed_in: Browser, people: People, outage: Announcement, clock: FixedClock
) -> None:
    clock.advance(minutes=30)
    newer = announcing.publish(people.teresa, announcing.EVERYONE, title="Printing is slow", severity=3)
    clock.advance(minutes=31)  # the first promise has passed, the second has not
    teresa = signed_in(people.teresa)
    page = teresa.get("/announcements").get_data(as_text=True)
    assert page.index(f'id="ann-{outage.id}"') < page.index(f'id="ann-{newer.id}"')
    assert page.count("btn btn-sm btn-primary") == 1
    assert "Update was promised for" in page
    assert f'id="ann-{outage.id}"' not in teresa.get("/announcements?q=printing").get_data(as_text=True)
    assert signed_in(people.ana).get("/announcements").status_code == 403
    assert "Post update" not in signed_in(people.carla).get("/announcements").get_data(as_text=True)


def test_the_week_flags_work_that_overlaps(signed_in: Browser, people: People, clock: FixedClock) -> None:
    start = clock.now() + timedelta(days=2)
    for title, hours in (("Core switch restarts", 0), ("Mailboxes move", 2)):
        announcing.publish(
            people.teresa,
            announcing.EVERYONE,
            kind=Kind.maintenance,
            title=title,
            starts_at=start + timedelta(hours=hours),
            planned_end_at=start + timedelta(hours=hours + 6),
            next_update_at=None,
        )
    page = signed_in(people.teresa).get("/announcements").get_data(as_text=True)
    assert "Saturday: two changes overlap for 6 people" in page
    assert "wk-out" in page


def test_older_pages_of_the_past(signed_in: Browser, people: People, outage: Announcement) -> None:
    teresa = signed_in(people.teresa)
    assert teresa.get("/announcements?tab=past&cursor=forged").status_code == 422
    page = teresa.get("/announcements?tab=past&kind=nonsense&department=x").get_data(as_text=True)
    assert "Nothing found" in page
