"""The reach over time: one counter a minute, each person once, drawn with words and a table."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from flask import Flask

from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.banners.actions import record_receipt
from plugins.outage_notice.banners.models import ReachMinute
from plugins.outage_notice.banners.queries.curve import Point, ending_facts, reach_curve
from plugins.outage_notice.banners.queries.reach import reach, reach_message
from plugins.outage_notice.banners.rules import What
from plugins.outage_notice.banners.views.chart import chart
from plugins.outage_notice.tests.announcing import department, publish
from tests import factories
from tests.fixtures import People


@factories.in_app
def receipt(user: Any, announcement: Announcement, what: What) -> None:
    record_receipt(factories.viewer(user), announcement.id, 10**6, what)


@factories.in_app
def curve(people: People, announcement: Announcement) -> list[tuple[int, int, int]]:
    found = reach_curve(factories.viewer(people.teresa), announcement.id)
    return [(p.delivered, p.seen, p.read) for p in found]


@pytest.mark.both_databases
def test_each_person_counts_once_in_the_minute_of_the_first_time(app: Flask, people: People, clock: FixedClock) -> None:
    outage = publish(people.teresa, department(people.finance))
    cora = factories.make_user("Cora", "requester", people.finance)
    for what in (What.delivered, What.delivered, What.seen):
        receipt(people.ana, outage, what)
    receipt(cora, outage, What.delivered)
    clock.advance(seconds=70)
    receipt(people.ana, outage, What.hidden)
    receipt(people.ana, outage, What.read)
    receipt(people.ana, outage, What.affected)
    clock.advance(minutes=5)
    receipt(cora, outage, What.read)  # read means seen, too
    receipt(cora, outage, What.read)
    assert curve(people, outage) == [(2, 1, 0), (2, 1, 1), (2, 2, 2)]
    with app.app_context():
        assert db.session.query(ReachMinute).count() == 3
        assert ending_facts(outage.id) == {"seen": 2}
        whole = {"targeted": 2, "delivered": 2, "seen": 2, "read": 2, "affected": 1, "online": 0}
        assert reach_message(outage.id) == {"id": outage.id} | whole
        assert asdict(reach(factories.viewer(people.teresa), outage.id).total) == whole


def points(count: int, start: datetime) -> list[Point]:
    return [Point(start + timedelta(minutes=n), n + 1, n, n // 2) for n in range(count)]


def test_the_drawing_stays_in_its_frame(app: Flask, clock: FixedClock) -> None:
    with app.test_request_context():
        for count in (1, 2, 60):
            made = points(count, clock.now())
            drawn = chart(made, 40, [], clock.now() + timedelta(days=3), 720, 560)
            for line in drawn.lines:
                places = [tuple(map(float, pair.split(","))) for pair in line.points.split()]
                assert [x for x, _y in places] == sorted(x for x, _y in places)
                assert all(44 <= x <= 604 and 15 <= y <= 180 for x, y in places)
            heights = sorted(line.label_y for line in drawn.lines)
            assert all(b - a >= 16 for a, b in pairwise(heights))


def test_the_times_below_the_drawing_differ(app: Flask, clock: FixedClock) -> None:
    """Each minute is named once, also while the announcement is young."""
    with app.test_request_context():
        for count, names in ((1, 1), (2, 3), (3, 4), (60, 5)):
            drawn = chart(points(count, clock.now()), 40, [], clock.now() + timedelta(minutes=count), 720, 560)
            minutes = [at.replace(second=0) for at, _x in drawn.times]
            assert len(minutes) == len(set(minutes)) == names


def test_the_part_has_words_and_a_table(app: Flask, people: People) -> None:
    outage = publish(people.teresa, department(people.finance))
    client, path = app.test_client(), f"/announcements/{outage.id}/reach"
    factories.sign_in(client, people.teresa)
    assert "Nobody has had it on screen yet." in client.get(path).get_data(as_text=True)
    receipt(people.ana, outage, What.seen)
    text = client.get(path).get_data(as_text=True)
    assert 'aria-label="People reached: delivered to 1 of 1, seen by 1, marked as read by 0.' in text
    assert text.count("<svg") == 2
    assert text.count("<tr>") == 2
    ending = client.get(f"/announcements/{outage.id}/ending").get_data(as_text=True)
    assert "turns green for the 1 person who saw it" in ending
    assert "Resolve, tell 1 person" in ending
    assert 'data-reach-chart="' + path in client.get(f"/announcements/{outage.id}").get_data(as_text=True)
