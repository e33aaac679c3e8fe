"""A reach that took long to find is given again for a while: many who watch do not cost more than one."""

from __future__ import annotations

import sys
from datetime import datetime

import pytest
from flask import Flask

from helpdesk.core.database import transaction
from plugins.outage_notice.banners.models import Receipt
from plugins.outage_notice.banners.queries import reach
from plugins.outage_notice.tests.announcing import department, publish
from tests import factories
from tests.databases import START
from tests.fixtures import People


class Watch:
    """A clock by which each reading of it, and so each finding of a reach, takes `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.at, self.seconds = 1000.0, seconds

    def monotonic(self) -> float:
        self.at += self.seconds
        return self.at


def seen_by(app: Flask, announcement_id: int, people: People, at: datetime = START) -> None:
    with app.app_context(), transaction() as session:
        session.add(Receipt(announcement_id=announcement_id, user_id=people.ana.id, delivered_at=at, seen_at=at))


@pytest.mark.parametrize(("seconds", "kept"), [(0.5, True), (0.01, False)])
def test_what_took_long_is_kept_for_a_while(
    app: Flask, people: People, monkeypatch: pytest.MonkeyPatch, seconds: float, kept: bool
) -> None:
    watch = Watch(seconds)
    monkeypatch.setattr(sys.modules["plugins.outage_notice.banners.queries.reach"], "time", watch)
    published = publish(people.teresa, department(people.finance))
    teresa = factories.viewer(people.teresa)

    @factories.in_app
    def seen() -> int:
        return reach(teresa, published.id).total.seen

    assert seen() == 0
    seen_by(app, published.id, people)
    assert seen() == (0 if kept else 1)
    watch.at += 60
    assert seen() == 1
