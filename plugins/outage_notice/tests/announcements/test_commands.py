"""`helpdesk outage list` at a terminal."""

from __future__ import annotations

from flask import Flask

from plugins.outage_notice.announcements.commands import outage
from plugins.outage_notice.tests.announcing import department, publish
from tests.fixtures import People


def test_the_commands_list_what_is_announced(app: Flask, people: People) -> None:
    runner = app.test_cli_runner()
    with app.app_context():
        assert "Nothing is announced" in runner.invoke(outage, ["list"]).output
    published = publish(people.teresa, department(people.finance))
    with app.app_context():
        output = runner.invoke(outage, ["list"]).output
    assert output.startswith(f"{published.id}\t2\tactive\tinvestigating\tVPN is down")
