"""The question of each second, "what is due?", reads what is still to do and nothing of what was done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, insert, text

from helpdesk.core import clock
from helpdesk.core.database import db, transaction
from plugins.outage_notice.announcements.actions import fire_due_steps
from plugins.outage_notice.announcements.models import Step
from plugins.outage_notice.announcements.rules import StepKind, StepState
from plugins.outage_notice.tests.announcing import EVERYONE, publish
from tests.fixtures import People


@pytest.mark.database("sqlite")
def test_the_ticker_finds_pending_steps_alone(app: Flask, people: People) -> None:
    """With figures about its tables too, which is when SQLite once preferred to read all."""
    outage = publish(people.teresa, EVERYONE)
    asked: list[tuple[str, Any]] = []
    with app.app_context():
        now = clock.now()
        with transaction() as session:
            done = {"kind": StepKind.show, "due_at": now - timedelta(days=1), "state": StepState.fired, "plan": 1}
            rows = [done | {"announcement_id": outage.id, "occurrence_on": str(number)} for number in range(500)]
            session.execute(insert(Step), rows)
            session.execute(text("ANALYZE"))
        db.session.remove()
        event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append((args[2], args[3])))
        fire_due_steps(now)
        [(question, values)] = [pair for pair in asked if "outage_step" in pair[0]]
        plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {question}", values).all()
    assert any("ix_outage_step_pending" in row[3] for row in plan), plan
