"""What goes to chat and SMS: calls, reminders and escalations, once each, with what to do first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from helpdesk.core.clock import FixedClock
from helpdesk.plugin_api import db
from helpdesk.scheduling.relay import run_until_idle
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.rules import ServiceEffect
from plugins.outage_notice.response import actions
from plugins.outage_notice.tests.announcements.conftest import Cast
from tests import databases, factories
from tests.channels.receiver import Receiver

Publish = Callable[..., Announcement]
URL = "https://help.example"


@pytest.fixture
def app(make_app: Any, database_url: str, tmp_path: Path, clock: FixedClock, receiver: Receiver) -> Flask:
    settings = databases.make_settings(database_url, tmp_path / "i", notify_urls=receiver.address, public_url=URL)
    made: Flask = make_app(settings, clock)
    return made


def lines(message: dict[str, Any]) -> list[str]:
    """Title and text without the number at the end."""
    *found, number = message["message"].split("\n")
    assert number.startswith("(")
    return [message["title"], *found]


def test_calls_and_every_step_of_an_escalation_go_to_the_channels_once(
    cast: Cast, published: Publish, app: Flask, receiver: Receiver, clock: FixedClock
) -> None:
    desk = cast.rows.service_desk.id
    service = factories.make_service("Storage", cast.rows.finance, owner_team_id=desk)
    record = published(services=(ServiceEffect(service.id),))
    run_until_idle(app)
    [call] = receiver.messages
    assert lines(call) == [
        f"Level 2: {record.title}",
        f"OUT-{record.id} was published. Called: Carla (Support), Tomas (Technical).",
        "First: Read the briefing, and answer those who call.",
        "First: Find out what is broken, and note what you try.",
        f"{URL}/announcements/{record.id}",
    ]
    assert actions.begin_response(record.id, "published") == 0  # the handler may run again
    receiver.messages.clear()

    seen: list[list[str]] = []
    for _minute in range(60):
        clock.advance(minutes=1)
        actions.pursue_promises(clock.now())
        db.session.rollback()
        run_until_idle(app)
    seen = [lines(message) for message in receiver.messages]
    answers = [found for found in seen if "Answer of the team" in found[0]]
    assert [found[1] for found in answers] == [
        f"OUT-{record.id}. Told: Teresa (the owner).",
        f"OUT-{record.id}. Told: Tomas (the team).",
        f"OUT-{record.id}. Told: Adam (management).",
    ]
    assert answers[-1][2:] == ["First: Say “I have it”.", f"{URL}/announcements/{record.id}"]
    assert len(seen) == len({tuple(found) for found in seen})


def test_a_drill_says_so_first(cast: Cast, published: Publish, app: Flask, receiver: Receiver) -> None:
    service = factories.make_service("Storage", cast.rows.finance, owner_team_id=cast.rows.service_desk.id)
    record = published(services=(ServiceEffect(service.id),), is_drill=True)
    run_until_idle(app)
    assert [message["title"] for message in receiver.messages] == [f"DRILL · Level 2: {record.title}"]
