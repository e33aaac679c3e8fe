"""What `helpdesk serve` imports before it answers."""

from __future__ import annotations

import subprocess
import sys

from helpdesk.config import ROOT

NOT_NEEDED = {
    "PIL",
    "alembic",
    "email_validator",
    "fpdf",
    "markdown_it",
    "pygments",
    "redis",
    "requests",
    "rich",
    "valkey",
}
SCRIPT = """
import sys
from helpdesk.cli.lean import import_lean
import_lean()
import helpdesk.cli.commands, helpdesk.server
from helpdesk.app import create_app
from helpdesk.config import Settings
create_app(Settings(database_url="sqlite:///nothing.sqlite3", secret_key="0" * 40, HELPDESK_ASYNC="threading"))
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_what_a_start_does_not_need_is_not_imported() -> None:
    run = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not NOT_NEEDED & set(run.stdout.split())


def test_what_was_passed_over_can_be_imported_afterwards() -> None:
    script = "from helpdesk.cli.lean import import_lean; import_lean(); import redis; print(redis.Redis.__name__)"
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "Redis"
