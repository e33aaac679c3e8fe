"""What the host does with each hook of the start, and what happens when a hook raises."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select
from structlog.testing import capture_logs

from helpdesk.config import Settings
from helpdesk.core import migrations
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db, transaction
from helpdesk.core.outbox import OutboxRow, OutboxState, record
from helpdesk.hooks import registry
from helpdesk.hooks.packages import digest_of
from helpdesk.hooks.registry import BadPlugin, Registry
from helpdesk.hooks.specs import MailReference
from helpdesk.mail.actions import queue_mail
from helpdesk.mail.models import OutgoingMail
from helpdesk.scheduling.relay import run_until_idle
from helpdesk.scheduling.ticker import run_jobs
from helpdesk.tickets.rules import TicketOpened
from tests import factories

HEAD = "from helpdesk.plugin_api import Event, Job, MenuLink, SocketVerb, hookimpl\n"
Start = Callable[..., Flask]


@pytest.fixture
def start(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make_app: Callable[[Settings, FixedClock], Flask],
    settings: Settings,
    clock: FixedClock,
) -> Iterator[Start]:
    """Starts the host with one plugin, `guest`, whose hooks.py has this text."""
    monkeypatch.syspath_prepend(tmp_path)

    def start_with(text: str) -> Flask:
        (tmp_path / "guest").mkdir()
        (tmp_path / "guest" / "__init__.py").touch()
        (tmp_path / "guest" / "hooks.py").write_text(HEAD + text)
        return make_app(settings.model_copy(update={"plugins": "guest"}), clock)

    yield start_with
    for name in [name for name in sys.modules if name.partition(".")[0] == "guest"]:
        del sys.modules[name]


def seen() -> list[Any]:
    return list(sys.modules["guest.hooks"].SEEN)


START_HOOKS = ("blueprints", "event_handlers", "jobs", "socket_verbs")


@pytest.mark.parametrize("hook", START_HOOKS)
def test_the_application_does_not_start_without_a_part_of_it(start: Start, hook: str) -> None:
    with pytest.raises(RuntimeError, match="no luck"):
        start(f"@hookimpl\ndef {hook}():\n    raise RuntimeError('no luck')\n")


def test_a_blueprint_bears_the_name_of_its_plugin(start: Start) -> None:
    with pytest.raises(ValueError, match=r"guest: blueprint 'tickets'"):
        start(
            "from flask import Blueprint\n@hookimpl\ndef blueprints():\n    return [Blueprint('tickets', __name__)]\n"
        )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("@hookimpl\ndef bluprints():\n    return ()\n", "bluprints"),
        ("@hookimpl\ndef boards(user_ids, mood):\n    return {}\n", "mood"),
    ],
)
def test_a_hook_or_an_argument_that_does_not_exist_is_refused(start: Start, text: str, complaint: str) -> None:
    with pytest.raises(BadPlugin, match=complaint):
        start(text)


def test_a_plugin_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(BadPlugin, match="no_such_plugin"):
        Registry(("no_such_plugin",))


def test_a_package_that_is_not_the_one_of_the_settings_is_not_run(start: Start, tmp_path: Path) -> None:
    start("RAN = []\n")
    package = tmp_path / "guest"
    digest = digest_of(package)
    Registry(("guest",), {"guest": digest})
    (package / "__pycache__").mkdir(exist_ok=True)
    (package / "__pycache__" / "more.pyc").write_bytes(b"what Python compiles does not count")
    assert digest_of(package) == digest
    (package / "data.txt").write_text("one more file\n")
    (package / "hooks.py").write_text("raise SystemExit('it ran')\n")
    for name in [name for name in sys.modules if name.partition(".")[0] == "guest"]:
        del sys.modules[name]
    with pytest.raises(BadPlugin, match=r"guest: its files are not those of sha256:\w{64}"):
        Registry(("guest",), {"guest": digest})


def test_the_settings_name_the_hash_beside_the_plugin() -> None:
    settings = Settings(plugins="desk.one@sha256:ab, desk.two")
    assert settings.plugin_names == ("desk.one", "desk.two")
    assert settings.plugin_hashes == {"desk.one": "sha256:ab"}


def test_a_slow_hook_is_named_once_a_minute(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    app = start("@hookimpl\ndef menu_links(viewer):\n    return []\n")
    plugins = app.extensions["helpdesk"].plugins
    with capture_logs() as logs:
        plugins.collect("menu_links", viewer=None)
        assert (plugins.slow, logs) == ({}, [])
        monkeypatch.setattr(registry, "SLOW_SECONDS", 0.0)
        for _times in range(3):
            plugins.collect("menu_links", viewer=None)
    assert list(plugins.slow) == ["guest.menu_links"]
    assert [(entry["event"], entry["plugin"], entry["hook"]) for entry in logs] == [
        ("plugin is slow", "guest", "menu_links")
    ]


def test_administrators_see_what_is_loaded_and_how_it_does(start: Start, tmp_path: Path) -> None:
    app = start("@hookimpl\ndef menu_links(viewer):\n    raise RuntimeError('no luck')\n")
    (tmp_path / "guest" / "__init__.py").write_text('"""A book for guests.\n\nMore."""\n')
    with factories.present_app(app):
        client = app.test_client()
        factories.sign_in(client, factories.make_user("Adam", "administrator"))
        app.extensions["helpdesk"].plugins.slow["guest.menu_links"] = 2.5
        page = client.get("/admin/plugins").get_data(as_text=True)
    for words in (
        "A book for guests.",
        digest_of(tmp_path / "guest"),
        "guest.menu_links failed the last time.",
        "guest.menu_links took up to 2.5 seconds.",
    ):
        assert words in page
    assert "More." not in page


def test_event_handlers_are_called_after_the_commit_and_only_then(start: Start) -> None:
    app = start(
        "from helpdesk.tickets.rules import TicketOpened\nSEEN = []\n"
        "def remember(event, event_id):\n    SEEN.append((event, event_id))\n"
        "@hookimpl\ndef event_handlers():\n    return {TicketOpened: [remember]}\n"
    )
    with app.app_context():
        with contextlib.suppress(ZeroDivisionError), transaction():
            record(TicketOpened(404))
            raise ZeroDivisionError
        with transaction():
            event_id = record(TicketOpened(7))
            assert seen() == []
    run_until_idle(app)
    assert (TicketOpened(7), event_id) in seen()
    assert all(event.ticket_id == 7 for event, _event_id in seen())


def test_jobs_are_asked_at_the_time_of_the_clock(start: Start, clock: FixedClock) -> None:
    app = start(
        "SEEN = []\n@hookimpl\ndef jobs():\n    return [Job('guest.look', lambda now: SEEN.append(now) or 1)]\n"
    )
    run_jobs(app)
    assert seen() == [clock.now()]


def test_socket_verbs_are_known_by_their_name(start: Start) -> None:
    app = start(
        "@hookimpl\ndef socket_verbs():\n    return [SocketVerb('wave', lambda viewer, data: None, staff_only=True)]\n"
    )
    assert app.extensions["helpdesk"].socket_verbs["wave"].staff_only


def test_commands_become_commands_of_helpdesk(
    start: Start, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = start(
        "import click\n@click.command()\ndef greet():\n    'Say hello.'\n    click.echo('hello')\n"
        "@hookimpl\ndef commands():\n    return [greet]\n"
    )
    from helpdesk.cli import group
    from helpdesk.cli.commands import cli

    monkeypatch.setattr(group, "make_app", lambda: app)
    assert "Say hello." in CliRunner().invoke(cli, ["--help"]).output
    assert CliRunner().invoke(cli, ["greet"]).output == "hello\n"


def test_a_plugin_migrates_into_a_version_table_of_its_own(start: Start, tmp_path: Path) -> None:
    versions = tmp_path / "schema" / "versions"
    versions.mkdir(parents=True)
    (versions / "0001_first.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\nrevision = 'guest_0001'\ndown_revision = None\n"
        "def upgrade():\n    op.create_table('guest_book', sa.Column('id', sa.Integer, primary_key=True))\n"
        "def downgrade():\n    op.drop_table('guest_book')\n"
    )
    app = start(
        f"from pathlib import Path\n@hookimpl\ndef migrations_path():\n    return Path({str(versions.parent)!r})\n"
    )
    import sqlalchemy as sa

    from helpdesk.core.database import db

    with app.app_context():
        assert not migrations.is_current()
        migrations.upgrade()
        assert migrations.is_current()
        assert {"guest_book", "alembic_version_guest"} <= set(sa.inspect(db.engine).get_table_names())


def test_a_page_is_served_without_the_part_of_a_plugin_that_raises(start: Start) -> None:
    broken = "".join(
        f"@hookimpl\ndef {hook}({arguments}):\n    raise RuntimeError('no luck')\n"
        for hook, arguments in (("menu_links", "viewer"), ("page_slot", "slot, now"), ("page_assets", "viewer"))
    )
    app = start(broken)
    with factories.present_app(app):
        client = app.test_client()
        factories.sign_in(client, factories.make_user("Carla", "agent"))
        assert client.get("/profile").status_code == 200
    assert set(app.extensions["helpdesk"].plugins.failures) >= {"guest.menu_links", "guest.page_slot"}


def test_a_mail_that_a_plugin_does_not_want_any_more_is_dropped(start: Start) -> None:
    app = start(
        "from datetime import timedelta\n\n"
        "@hookimpl\ndef mail_is_wanted(reference, now):\n"
        "    later = now + timedelta(hours=1)\n"
        "    return {'yes': True, 'no': False, 'other': None, 'later': later}[reference.key]\n"  # else it raises
    )
    with app.app_context():
        with transaction():
            for key in ("yes", "no", "other", "later", "broken"):
                queue_mail("ana@helpdesk.example", key, "…", event_id=key, reference=MailReference("guest", key))
            queue_mail("ana@helpdesk.example", "plain", "…", event_id="plain")
        run_until_idle(app)
        subjects = set(db.session.scalars(select(OutgoingMail.subject)))
        rows = db.session.execute(
            select(OutboxRow.event_id, OutboxRow.state).where(OutboxRow.state != OutboxState.done)
        )
        left = {row[0]: row[1] for row in rows}
    assert subjects == {"yes", "other", "broken", "plain"}
    assert left == {"no": OutboxState.dropped, "later": OutboxState.ready}


def test_menu_links_stand_in_the_menu(start: Start) -> None:
    app = start(
        "@hookimpl\ndef menu_links(viewer):\n    return [MenuLink('guest', 'Guest book', '/guests', 'users')]\n"
    )
    with factories.present_app(app):
        client = app.test_client()
        factories.sign_in(client, factories.make_user("Carla", "agent"))
        page = client.get("/profile").get_data(as_text=True)
    assert 'href="/guests"' in page
    assert "Guest book" in page
